"""A computation can be kept to one thread."""

import pytest
import sklearn.ensemble  # noqa: F401 - loads OpenMP
from threadpoolctl import threadpool_info, threadpool_limits

from anomed_core import one_thread


def threads_of(library: str) -> set[int]:
    return {pool["num_threads"] for pool in threadpool_info() if pool["user_api"] == library}


@pytest.mark.parametrize("library", ["openmp", "blas"])
def test_the_limit_holds_inside_and_ends_outside(library: str) -> None:
    with threadpool_limits(limits=2, user_api=library):
        before = threads_of(library)
        with one_thread():
            assert threads_of(library) == {1}
        assert threads_of(library) == before
