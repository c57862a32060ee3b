"""Around them: baselines, reports, permissions, routes, deliveries, sources, commands, health."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING, Any

from anomed_core.hookspecs._markers import hookspec

if TYPE_CHECKING:
    from anomed_core.environments import Recipe
    from anomed_core.model import (
        Baseline,
        Challenge,
        ForeignProtocol,
        ReportSection,
        Score,
        Subject,
        Submission,
    )
    from anomed_core.model.data_source import DataSource
    from anomed_core.model.delivery import DeliveryContext


@hookspec
def anomed_baselines(challenge: Challenge) -> Iterable[Baseline]:  # type: ignore[empty-body]
    """Offer submissions with known outcomes: perfect, trivial and invalid ones, and attacks.

    Called by ``anomed challenge check``, ``anomed plugins check`` and the conformance kit; owner
    and extensions. If it raises, the check fails. The perfect and trivial payloads of kinds are
    offered, too.

    Returns
    -------
    iterable of Baseline
        Each submission kind needs a perfect and a trivial one, here or in its declaration, or the
        kit fails. An attack (``quality="attack"``) shows that the challenge can be won; what needs
        no secret (``quality="public"``), whether it is won by what is handed out anyway.

    Examples
    --------
    >>> from types import SimpleNamespace
    >>> from anomed_core import Baseline, DataRequest, hookimpl
    >>> @hookimpl
    ... def anomed_baselines(challenge):
    ...     def truth(request):
    ...         return {"prediction": challenge.definition["y"]}
    ...     return [Baseline(name="truth", kind="anonymizer", quality="perfect", payload=truth)]
    >>> (baseline,) = anomed_baselines(SimpleNamespace(definition={"y": [1.0, 2.0]}))
    >>> baseline.payload(DataRequest())
    {'prediction': [1.0, 2.0]}
    """


@hookspec
def anomed_report(  # type: ignore[empty-body]
    challenge: Challenge,
    scores: tuple[Score, ...],
    submission_of: Callable[[Score], Submission | None],
) -> Iterable[ReportSection]:
    """Add sections to the result pages.

    Called by ``anomed report``, which writes the pages; owner and extensions. If it raises, the
    page says that the section is missing and the log says why.

    Parameters
    ----------
    challenge
        The challenge.
    scores
        Its recorded scores, oldest first; none of kinds that another extension has added.
    submission_of
        Returns the kept submission that a score was given for, or ``None``.

    Returns
    -------
    iterable of ReportSection
        Markup must be safe and free of scripts.

    Examples
    --------
    >>> from anomed_core import ReportSection, hookimpl
    >>> @hookimpl
    ... def anomed_report(challenge, scores):
    ...     return [ReportSection(title="Scores", html=f"<p>{len(scores)} so far.</p>")]
    >>> anomed_report(None, ())[0].html
    '<p>0 so far.</p>'
    """


@hookspec(firstresult=True)
def anomed_authorize(challenge: Challenge, action: str, subject: Subject | None) -> bool | None:
    """Decide who may do what.

    Called for each request; extensions before the core's own rules (section "Identities" of the
    reference). If it raises, the request is refused.

    Parameters
    ----------
    challenge
        The challenge.
    action
        ``"read <path>"`` of a data product, ``"submit <kind>"`` of a submission kind,
        ``"see scores"`` of a recorded score or a participant's history, or ``"see rankings"``.
    subject
        Who asks; ``None`` without a token. Of a token with several grants, by the one that fits the
        request best.

    Returns
    -------
    bool or None
        ``None`` leaves the decision to the next one.

    Examples
    --------
    >>> from anomed_core import hookimpl
    >>> @hookimpl
    ... def anomed_authorize(challenge, action, subject):
    ...     return False if action == "submit anonymizer" and subject is None else None
    >>> anomed_authorize(None, "submit anonymizer", None), anomed_authorize(None, "read /a", None)
    (False, None)
    """


@hookspec
def anomed_extra_routes(challenge: Challenge) -> Mapping[str, Any]:  # type: ignore[empty-body]
    """Mount custom resources: the escape hatch.

    Called once per challenge and process; owner. A path that is taken is an error naming both. What
    these routes do is outside the core's rules: no attempt is claimed, no score recorded, and who
    may ask is up to them; `anomed_core.caller_of` says who asks. What participants ask is better
    declared by ``anomed_operations``. If this hook raises, the server refuses to start.

    Returns
    -------
    mapping of str to object
        Relative path, such as ``/figures/{name}``, to a Falcon resource.

    Examples
    --------
    >>> from anomed_core import hookimpl
    >>> @hookimpl
    ... def anomed_extra_routes(challenge):
    ...     class Motto:
    ...         def on_get(self, req, resp):
    ...             resp.media = {"motto": "primum non nocere"}
    ...     return {"/motto": Motto()}
    >>> list(anomed_extra_routes(None))
    ['/motto']
    """


@hookspec
def anomed_protocols(challenge: Challenge) -> Iterable[ForeignProtocol]:  # type: ignore[empty-body]
    """Speak the protocols of other servers below paths of one's own.

    Called once per challenge and process, after creation; owner and extensions. Whatever the core
    refuses below such a path (an unknown route, a wrong token, a body that is too large, a failure)
    is written as the protocol writes it. A path that is taken is an error naming both. If this hook
    raises, the server refuses to start.

    Returns
    -------
    iterable of ForeignProtocol
        Each with a path of its own; none below another.

    Examples
    --------
    >>> import json
    >>> from anomed_core import ForeignProtocol, Refusal, Rendered, hookimpl
    >>> @hookimpl
    ... def anomed_protocols(challenge):
    ...     def refuse(refusal):
    ...         body = json.dumps({"detail": refusal.sentence})
    ...         return Rendered(status=refusal.status, body=body.encode())
    ...     return [ForeignProtocol(prefix="/other", refuse=refuse, identity_header="user-name")]
    >>> (protocol,) = anomed_protocols(None)
    >>> protocol.refuse(Refusal(status=403, code="not_allowed", title="", sentence="No.")).body
    b'{"detail": "No."}'
    """


@hookspec
def anomed_score_recorded(challenge: Challenge, score: Score) -> None:
    """Observe a score after it became durable.

    Called after the commit, in the worker that recorded it; everybody, each isolated: if it raises,
    the log says so and nothing else happens. Must be quick.

    Examples
    --------
    >>> from types import SimpleNamespace
    >>> from anomed_core import hookimpl
    >>> seen = []
    >>> @hookimpl
    ... def anomed_score_recorded(challenge, score):
    ...     seen.append(score.id)
    >>> anomed_score_recorded(None, SimpleNamespace(id=7))
    >>> seen
    [7]
    """


@hookspec(firstresult=True)
def anomed_deliver_score(
    challenge: Challenge, score: Score, context: DeliveryContext
) -> bool | None:
    """Report a score to a platform.

    Called from the outbox, never while a participant waits; extensions, then the core's own
    delivery to the AnoMed platform. May be called again for a score that was delivered already: use
    ``context.idempotency_key``. If it raises, the delivery is tried again later.

    Returns
    -------
    bool or None
        ``True`` if it has been delivered; ``None`` leaves it to the next one.

    Examples
    --------
    >>> from types import SimpleNamespace
    >>> from anomed_core import DeliveryContext, hookimpl
    >>> delivered = {}
    >>> @hookimpl
    ... def anomed_deliver_score(challenge, score, context):
    ...     delivered[context.idempotency_key] = dict(score.metrics)
    ...     return True
    >>> score = SimpleNamespace(metrics={"mae": 0.5})
    >>> anomed_deliver_score(None, score, DeliveryContext(idempotency_key="score-1"))
    True
    >>> delivered
    {'score-1': {'mae': 0.5}}
    """


@hookspec
def anomed_data_sources() -> Iterable[DataSource]:  # type: ignore[empty-body]
    """Offer schemes for data in the configuration.

    Called when a challenge is created; everybody. Two sources with one scheme are an error naming
    both. ``npz:``, ``parquet:``, ``csv:``, ``sklearn:`` and ``simulated:`` are built in. If it
    raises, the server refuses to start.

    Returns
    -------
    iterable of DataSource
        Each with its scheme.

    Examples
    --------
    >>> import numpy as np
    >>> from anomed_core import DataSource, hookimpl
    >>> @hookimpl
    ... def anomed_data_sources():
    ...     def arrays(reference):
    ...         return {"X": np.ones((int(reference), 2)), "y": np.ones(int(reference))}
    ...     return [DataSource(scheme="ones", arrays=arrays)]
    >>> (source,) = anomed_data_sources()
    >>> source.arrays("5")["X"].shape
    (5, 2)
    """


@hookspec
def anomed_environments() -> Iterable[Recipe]:  # type: ignore[empty-body]
    """Name the foreign libraries that this plugin runs in environments of their own.

    Called by ``anomed environments``; everybody. Nothing is installed before somebody asks. Two
    recipes of one name are an error. If it raises, the command ends with one line.

    Returns
    -------
    iterable of Recipe
        What to install for each library.

    Examples
    --------
    >>> from anomed_core import hookimpl
    >>> from anomed_core.environments import Recipe
    >>> @hookimpl
    ... def anomed_environments():
    ...     return [Recipe(name="my-library", install=(("my-library==1.0",),))]
    >>> anomed_environments()[0].name
    'my-library'
    """


@hookspec
def anomed_cli_commands() -> Mapping[str, str]:  # type: ignore[empty-body]
    """Add commands to ``anomed``.

    Called when a command is not one of the core's own; everybody that is installed and not broken.
    If it raises, the command fails.

    Returns
    -------
    mapping of str to str
        Name of the command to ``"module:attribute"`` of a click command, imported when it is run. A
        name of two words, such as ``challenge init``, adds to the core's group ``challenge``.

    Examples
    --------
    >>> from anomed_core import hookimpl
    >>> @hookimpl
    ... def anomed_cli_commands():
    ...     return {"my-command": "my_package.commands:my_command"}
    >>> anomed_cli_commands()
    {'my-command': 'my_package.commands:my_command'}
    """


@hookspec
def anomed_health(challenge: Challenge) -> str | None:
    """Say whether a challenge is ready to be served.

    Called by ``/readyz``; owner and extensions. Must be quick. If it raises, the server is not
    ready.

    Returns
    -------
    str or None
        ``None`` if all is well, else one sentence for the organiser.

    Examples
    --------
    >>> import shutil
    >>> from anomed_core import hookimpl
    >>> @hookimpl
    ... def anomed_health(challenge):
    ...     n_free = shutil.disk_usage(".").free
    ...     return None if n_free > 1_000 else f"There are only {n_free} free bytes; clean up."
    >>> anomed_health(None)
    """
