"""The contract between the core and its plugins: hook specifications of API 1.

A plugin is a module (or an object) that sets ``ANOMED_API = 1`` and holds functions marked with
`anomed_core.hookimpl`. Arguments are frozen value objects and never web requests, so every hook can
be called from a unit test. An implementation may leave out arguments that it does not need.

Who is called is part of each contract:

*owner*
    Only the plugin that announced the challenge's type. Extensions may wrap the call
    (``@hookimpl(wrapper=True)``) but not answer it.
*owner and extensions*
    The owner first, then every loaded extension; other challenge types are never asked.
*everybody*
    Every loaded plugin.

What happens when an implementation raises is part of each contract, too. *Refuses to start* means
that ``anomed serve`` ends with one line naming the plugin and exit code 2. *Our fault* means that
the participant gets a 503 with an id, keeps the attempt, and the log holds the traceback.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

import pluggy

if TYPE_CHECKING:
    from anomed_core.datasets import DataSource
    from anomed_core.delivery import DeliveryContext
    from anomed_core.model import (
        Baseline,
        Challenge,
        ChallengeType,
        DataProduct,
        DataRequest,
        HouseAttack,
        Metric,
        ReportSection,
        Score,
        Subject,
        Submission,
        SubmissionKind,
        Target,
    )
    from anomed_core.plugins import CreationContext

API = 1
"""The version of this contract; plugins repeat it as ``ANOMED_API``."""

PROJECT = "anomed"

hookspec = pluggy.HookspecMarker(PROJECT)
hookimpl = pluggy.HookimplMarker(PROJECT)


# --- announcing -----------------------------------------------------------------------------------


@hookspec
def anomed_challenge_types() -> Iterable[ChallengeType]:  # type: ignore[empty-body]
    """Announce the challenge types that this plugin owns.

    Called once when the plugin is loaded; everybody. Must be cheap: name the config class as
    ``"module:Class"`` instead of importing what is heavy. A type whose name is not the entry
    point's is an error. If it raises, the plugin is broken: fatal if it was named, listed
    otherwise.

    Returns
    -------
    iterable of ChallengeType
        Usually one.

    Examples
    --------
    >>> from anomed_core import ChallengeType, hookimpl
    >>> @hookimpl
    ... def anomed_challenge_types():
    ...     return [ChallengeType(name="my-type", title="Mine", config_class="my_package:Config")]
    >>> anomed_challenge_types()[0].name
    'my-type'
    """


@hookspec(firstresult=True)
def anomed_create_challenge(type_name: str, config: Any, context: CreationContext) -> Any:
    """Load what a challenge needs: its data, its settings, its secret draws.

    Called once per challenge and process, before the first request; owner. Heavy loading belongs
    here, behind ``context.freeze``, which runs it in one process and gives all others memory maps.
    If it raises, the server refuses to start; raise `ConfigError` for what the organiser can mend.

    Parameters
    ----------
    type_name
        Slug of the type.
    config
        Object of the type's config class.
    context
        The challenge's id, its lottery, data sources and frozen arrays.

    Returns
    -------
    object
        Anything but ``None``; handed to all other hooks as ``challenge.definition``.

    Examples
    --------
    >>> from anomed_core import hookimpl
    >>> @hookimpl
    ... def anomed_create_challenge(config, context):
    ...     return {"size": 100, "order": context.lottery.permutation(100, "order")}
    """


# --- data provision -------------------------------------------------------------------------------


@hookspec
def anomed_data_products(challenge: Challenge) -> Iterable[DataProduct]:  # type: ignore[empty-body]
    """Declare what the server hands out.

    Called once per challenge and process, after creation; owner. Routes, OpenAPI, roles and dummy
    data are derived from the answer. Two products, or a product and a submission kind, on one path
    are an error naming both. If it raises, the server refuses to start.

    Returns
    -------
    iterable of DataProduct
        In the order in which they are listed.

    Examples
    --------
    >>> import numpy as np
    >>> from anomed_core import ArraySchema, ArraysSchema, DataProduct, Role, hookimpl
    >>> @hookimpl
    ... def anomed_data_products(challenge):
    ...     X = ArraySchema.of("X", np.zeros((100, 4)))
    ...     return [
    ...         DataProduct(
    ...             path="/data/anonymizer/training",
    ...             audience={Role.ANONYMIZER},
    ...             schema=ArraysSchema(arrays=[X]),
    ...         )
    ...     ]
    >>> anomed_data_products(None)[0].static
    True
    """


@hookspec(firstresult=True)
def anomed_provide_data(challenge: Challenge, product: DataProduct, request: DataRequest) -> Any:
    """Provide the content of a data product.

    Called once per static product (the bytes are kept), and once per request otherwise; owner. Must
    be deterministic: all workers, restarts and replicas must serve the same. If it raises
    `SubmissionRejected`, the caller is told why (422); anything else is our fault.

    Parameters
    ----------
    challenge
        The challenge.
    product
        One of its declared products.
    request
        The validated query parameters; empty for static products.

    Returns
    -------
    mapping of str to ndarray, pyarrow.Table, pandas.DataFrame or JSON value
        As the product's schema says.

    Examples
    --------
    >>> from anomed_core import hookimpl
    >>> @hookimpl
    ... def anomed_provide_data(challenge, product, request):
    ...     return {"X": challenge.definition["X"]}
    """


@hookspec(firstresult=True)
def anomed_dummy_data(challenge: Challenge, product: DataProduct, seed: int) -> Any:
    """Make innocuous data of the same form as a product, for developing blindly.

    Called by ``anomed dummy`` and ``/dummy``; owner. Must not depend on the real rows. If it
    raises, there is no dummy data, and nothing else happens.

    Parameters
    ----------
    challenge
        The challenge.
    product
        One of its declared products.
    seed
        Equal seeds must give equal data.

    Returns
    -------
    as for ``anomed_provide_data``, or None
        ``None`` lets the core generate data from the declared schema.

    Examples
    --------
    >>> import numpy as np
    >>> from anomed_core import hookimpl
    >>> @hookimpl
    ... def anomed_dummy_data(challenge, product, seed):
    ...     return {"X": np.random.default_rng(seed).normal(size=(10, 4))}
    >>> anomed_dummy_data(None, None, 1)["X"].shape
    (10, 4)
    """


# --- utility evaluation ---------------------------------------------------------------------------


@hookspec
def anomed_submission_kinds(  # type: ignore[empty-body]
    challenge: Challenge,
) -> Iterable[SubmissionKind]:
    """Declare what participants hand in.

    Called once per challenge and process, after creation; owner. If it raises, the server refuses
    to start.

    Returns
    -------
    iterable of SubmissionKind
        In the order in which they are listed.

    Examples
    --------
    >>> from anomed_core import (
    ...     ANONYMIZER,
    ...     DATA_SPLIT,
    ...     ArraySchema,
    ...     ArraysSchema,
    ...     Purpose,
    ...     Role,
    ...     SubmissionKind,
    ...     hookimpl,
    ... )
    >>> @hookimpl
    ... def anomed_submission_kinds(challenge):
    ...     prediction = ArraySchema(name="prediction", kinds=["float"], shape=[100])
    ...     return [
    ...         SubmissionKind(
    ...             name="anonymizer",
    ...             path="/utility/anonymizer",
    ...             submitter=Role.ANONYMIZER,
    ...             purpose=Purpose.UTILITY,
    ...             schema=ArraysSchema(arrays=[prediction]),
    ...             parameters=[ANONYMIZER, DATA_SPLIT],
    ...         )
    ...     ]
    >>> [split.value for split in anomed_submission_kinds(None)[0].splits]
    ['tuning', 'validation']
    """


@hookspec
def anomed_metrics(challenge: Challenge) -> Iterable[Metric]:  # type: ignore[empty-body]
    """Declare the metrics of every submission kind.

    Called once per challenge and process, after creation; owner and extensions. Metrics are fixed
    once the first score exists. Two metrics of one kind with one name are an error naming both. If
    it raises, the server refuses to start.

    Returns
    -------
    iterable of Metric
        In the order in which they appear in the answer.

    Examples
    --------
    >>> from anomed_core import Metric, hookimpl
    >>> @hookimpl
    ... def anomed_metrics(challenge):
    ...     return [Metric(name="mae", kind="anonymizer", direction="lower", primary=True)]
    """


@hookspec
def anomed_validate_submission(challenge: Challenge, submission: Submission) -> None:
    """Refuse a submission before an attempt is spent.

    Called after the payload was decoded and found to fit the declared schema; owner and extensions.
    Raise `SubmissionRejected` with one sentence for the participant: what is wrong, what came, what
    is allowed. It must not tell anything about the ground truth. Any other exception is our fault.

    Examples
    --------
    >>> from anomed_core import SubmissionRejected, hookimpl
    >>> @hookimpl
    ... def anomed_validate_submission(challenge, submission):
    ...     if submission.payload["prediction"].sum() == 0:
    ...         raise SubmissionRejected("The prediction is all zero; send one label per row.")
    """


@hookspec(firstresult=True)
def anomed_evaluate_utility(  # type: ignore[empty-body]
    challenge: Challenge, submission: Submission
) -> Mapping[str, float]:
    """Score a submission whose kind has the purpose ``utility``.

    Called after the attempt was claimed, in the web worker if the kind is cheap and in a worker
    process otherwise; owner, extensions may wrap it to add metrics they declared. Must be
    deterministic and must not change its arguments. If it raises or returns anything but exactly
    the declared metrics as finite numbers, it is our fault and the attempt is free again.

    Returns
    -------
    mapping of str to float
        Every declared metric of the kind.

    Examples
    --------
    >>> import numpy as np
    >>> from anomed_core import hookimpl
    >>> @hookimpl
    ... def anomed_evaluate_utility(challenge, submission):
    ...     error = submission.payload["prediction"] - challenge.definition["y"]
    ...     return {"mae": float(np.abs(error).mean())}
    """


# --- threat-model evaluation ----------------------------------------------------------------------


@hookspec(firstresult=True)
def anomed_evaluate_threat(  # type: ignore[empty-body]
    challenge: Challenge, submission: Submission, target: Target
) -> Mapping[str, float]:
    """Score a submission whose kind has the purpose ``threat``: how much the attack learnt.

    Called as ``anomed_evaluate_utility`` is, with the anonymizer under attack as a further
    argument; owner, extensions may wrap it to add metrics they declared. Must be deterministic and
    must not change its arguments. If it raises or returns anything but exactly the declared metrics
    as finite numbers, it is our fault and the attempt is free again.

    Returns
    -------
    mapping of str to float
        Every declared metric of the kind.

    Examples
    --------
    >>> from anomed_core import hookimpl
    >>> @hookimpl
    ... def anomed_evaluate_threat(challenge, submission, target):
    ...     guess = submission.payload["prediction"]
    ...     return {"accuracy": float((guess == challenge.definition["secret"]).mean())}
    """


@hookspec
def anomed_house_attacks(challenge: Challenge) -> Iterable[HouseAttack]:  # type: ignore[empty-body]
    """Name attacks that the server runs itself on what anonymizers submit.

    Called once per challenge and process, after creation; owner and extensions. The attacks run in
    the background after a score was recorded; their results are scores marked as the house's. If
    this hook raises, the server refuses to start; if an attack raises, the log says so and nothing
    is recorded.

    Returns
    -------
    iterable of HouseAttack
        Possibly none.

    Examples
    --------
    >>> from anomed_core import HouseAttack, hookimpl
    >>> @hookimpl
    ... def anomed_house_attacks(challenge):
    ...     def run(submission, rng):
    ...         return {"advantage": 0.0}
    ...     return [HouseAttack(name="coin", kind="anonymizer", run=run)]
    """


# --- around them ----------------------------------------------------------------------------------


@hookspec
def anomed_baselines(challenge: Challenge) -> Iterable[Baseline]:  # type: ignore[empty-body]
    """Offer submissions with known outcomes: perfect, trivial and invalid ones.

    Called by ``anomed challenge check``, ``anomed plugins check`` and the conformance kit; owner.
    If it raises, the check fails.

    Returns
    -------
    iterable of Baseline
        At least one perfect and one trivial baseline for each submission kind is good practice.

    Examples
    --------
    >>> from anomed_core import Baseline, hookimpl
    >>> @hookimpl
    ... def anomed_baselines(challenge):
    ...     def truth(request):
    ...         return {"prediction": challenge.definition["y"]}
    ...     return [Baseline(name="truth", kind="anonymizer", quality="perfect", payload=truth)]
    """


@hookspec
def anomed_report(  # type: ignore[empty-body]
    challenge: Challenge, scores: tuple[Score, ...]
) -> Iterable[ReportSection]:
    """Add sections to the result pages.

    Called by ``anomed report`` and the result pages; owner and extensions. If it raises, the page
    says that the section is missing and the log says why.

    Parameters
    ----------
    challenge
        The challenge.
    scores
        Its recorded scores, oldest first.

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
        ``"read <path>"`` or ``"submit <kind>"``.
    subject
        Who asks; ``None`` without a token.

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
    """


@hookspec
def anomed_extra_routes(challenge: Challenge) -> Mapping[str, Any]:  # type: ignore[empty-body]
    """Mount resources of one's own: the escape hatch.

    Called once per challenge and process; owner. A path that is taken is an error naming both. What
    these routes do is outside of the core's rules: no attempt is claimed, no score recorded. If
    this hook raises, the server refuses to start.

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
    """


@hookspec
def anomed_score_recorded(challenge: Challenge, score: Score) -> None:
    """Observe a score after it became durable.

    Called after the commit, in the worker that recorded it; everybody, each isolated: if it raises,
    the log says so and nothing else happens. Must be quick.

    Examples
    --------
    >>> from anomed_core import hookimpl
    >>> seen = []
    >>> @hookimpl
    ... def anomed_score_recorded(challenge, score):
    ...     seen.append(score.id)
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
    >>> from anomed_core import hookimpl
    >>> @hookimpl
    ... def anomed_deliver_score(challenge, score, context):
    ...     return None
    """


@hookspec
def anomed_data_sources() -> Iterable[DataSource]:  # type: ignore[empty-body]
    """Offer schemes for data in the configuration.

    Called when a challenge is created; everybody. Two sources with one scheme are an error naming
    both. ``npz:``, ``parquet:``, ``csv:`` and ``sklearn:`` are built in. If it raises, the server
    refuses to start.

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
    """


@hookspec
def anomed_cli_commands() -> Mapping[str, str]:  # type: ignore[empty-body]
    """Add commands to ``anomed``.

    Called when a command is not one of the core's own; everybody that is installed and not broken.
    If it raises, the command fails.

    Returns
    -------
    mapping of str to str
        Name of the command to ``"module:attribute"`` of a click command, imported when it is run.

    Examples
    --------
    >>> from anomed_core import hookimpl
    >>> @hookimpl
    ... def anomed_cli_commands():
    ...     return {"my-command": "my_package.commands:my_command"}
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
    >>> from anomed_core import hookimpl
    >>> @hookimpl
    ... def anomed_health(challenge):
    ...     return None
    """
