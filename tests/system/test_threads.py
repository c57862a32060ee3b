"""A computation can be kept to one thread."""

import sklearn.ensemble  # noqa: F401 - loads OpenMP
from threadpoolctl import threadpool_info, threadpool_limits

from anomed_core import one_thread


def openmp_threads() -> set[int]:
    return {pool["num_threads"] for pool in threadpool_info() if pool["user_api"] == "openmp"}


def test_the_limit_holds_inside_and_ends_outside() -> None:
    with threadpool_limits(limits=2, user_api="openmp"):
        assert openmp_threads() == {2}
        with one_thread():
            assert openmp_threads() == {1}
        assert openmp_threads() == {2}
