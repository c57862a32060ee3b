"""Submission kinds that share a path."""

from __future__ import annotations

import attrs

from anomed_core.model.declarations import Parameter
from anomed_core.model.submission_kind import SubmissionKind


def alternatives(
    parameter: str,
    *kinds: SubmissionKind,
    path: str = "/utility/deanonymizer",
    description: str = "",
) -> list[SubmissionKind]:
    """Let submission kinds share a path, where a query parameter chooses one by its name.

    Parameters
    ----------
    parameter
        The query parameter, such as ``task``; without it, the first kind is chosen.
    *kinds
        At least one, each with a name of its own.
    path
        Route below the challenge.
    description
        What the parameter means, for participants.

    Returns
    -------
    list of SubmissionKind
        With the path, the selector, and the parameter beside their own ones.

    Examples
    --------
    >>> kinds = [
    ...     SubmissionKind.of_array(
    ...         name, "bool", shape=9, description="Guesses.", submitter="deanonymizer"
    ...     )
    ...     for name in ("membership", "answer")
    ... ]
    >>> [kind.selector for kind in alternatives("task", *kinds)]
    [('task', 'membership'), ('task', 'answer')]
    """
    choice = Parameter(
        name=parameter,
        required=False,
        choices=tuple(kind.name for kind in kinds),
        description=description,
    )
    return [
        attrs.evolve(
            kind,
            path=path,
            selector=(parameter, kind.name),
            parameters=(*kind.parameters, choice),
        )
        for kind in kinds
    ]
