"""How many threads a computation may use."""

from __future__ import annotations

from contextlib import AbstractContextManager


def one_thread() -> AbstractContextManager[object]:
    """Keep compiled loops and linear algebra to one thread for a while.

    Evaluations run side by side, one to a processor. More threads would wait for each other, and
    spin while they wait: on a busy machine a hundredfold of the time was seen. And a process that
    has used more than one cannot be forked safely.

    Returns
    -------
    context manager
        The limit holds inside of it, for OpenMP and BLAS in this process.

    Examples
    --------
    >>> from sklearn.ensemble import HistGradientBoostingClassifier
    >>> with one_thread():
    ...     model = HistGradientBoostingClassifier(max_iter=1).fit([[0.0], [1.0]], [0, 1])
    """
    from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]  # ships no types

    limits: AbstractContextManager[object] = threadpool_limits(limits=1)
    return limits
