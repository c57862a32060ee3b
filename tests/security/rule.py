"""The rule: who gets which status at which route, whatever the challenge declares.

It is written a second time here, and differently from the code that keeps it: as one answer for
each route. A route without an answer is an error, so whoever adds one must say whose it is.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

import attrs

from anomed_core import DataProduct, Operation, Role, Split, SubmissionKind
from anomed_core.model import Parameter
from anomed_core.report.site import asset
from anomed_core.service import HostedChallenge
from anomed_core.web.pages.page import Page
from anomed_core.web.pages.registry import PAGES
from anomed_core.web.pages.showing import ASSETS
from tests.security.callers import NAMED, Caller

OK, CREATED, BAD, UNKNOWN, FORBIDDEN, NOT_FOUND, NO_METHOD = 200, 201, 400, 401, 403, 404, 405
SEE_OTHER = 303
UNFIT = 422

JOBS = {Role.ANONYMIZER: "a" * 32, Role.DEANONYMIZER: "d" * 32}
"""A cancelled job of each role."""

METHODS = ("GET", "HEAD", "OPTIONS", "POST", "PUT", "PATCH", "DELETE")
READ = ("GET", "HEAD")

Decide = Callable[[Caller], int]


class UnansweredRouteError(AssertionError):
    """A route is served for which the rule has no answer."""


@attrs.frozen(kw_only=True)
class Question:
    """A request for one route, and who is to get it.

    Attributes
    ----------
    route
        As the app declares it.
    target
        Path and query.
    methods
        Those that are served, besides OPTIONS.
    decide
        The status under tokens, for whoever has a valid one or none.
    success
        The status for everybody in open mode.
    kind
        What is submitted, if anything is.
    posting
        The status of a POST for everybody, where it is another one.
    """

    route: str
    target: str
    decide: Decide
    methods: tuple[str, ...] = READ
    success: int = OK
    kind: SubmissionKind | None = None
    posting: int | None = None

    def expected(self, method: str, caller: Caller, auth: str) -> int:
        """Return the status of an answer."""
        if auth == "tokens" and caller.is_refused:
            return UNKNOWN
        if method == "OPTIONS":
            return OK
        if method not in self.methods:
            return NO_METHOD
        if method == "POST" and self.posting is not None:
            return self.posting
        return self.decide(caller) if auth == "tokens" else self.success


# --- who decides what -----------------------------------------------------------------------------


def everybody(_: Caller) -> int:
    return OK


def organiser_only(success: int) -> Decide:
    return _known_here(lambda caller: success if caller.is_organiser else FORBIDDEN)


def _organiser_of_all(caller: Caller) -> int:
    """Keep counts of all challenges from those who organise one of them."""
    if caller.role is None:
        return UNKNOWN
    return OK if caller.is_organiser and caller.is_for_all else FORBIDDEN


def audience_of(product: DataProduct) -> Decide:
    """Let the audience read, under its own ids where the product depends on them."""
    if Role.PUBLIC in product.audience:
        return everybody
    ids = {parameter.name for parameter in product.parameters}

    def decide(caller: Caller) -> int:
        if caller.is_organiser:
            return OK
        is_right_id = caller.is_named or caller.role not in ids
        return OK if caller.role in product.audience and is_right_id else FORBIDDEN

    return _known_here(decide)


def submitter_of(kind: SubmissionKind) -> Decide:
    """Let the named participant of the right role submit, and not even the organiser."""
    return _known_here(
        lambda caller: CREATED if caller.role is kind.submitter and caller.is_named else FORBIDDEN
    )


def callers_of(operation: Operation) -> Decide:
    """Let the audience call under its own ids; an organiser only if it is among it."""
    if Role.PUBLIC in operation.audience:
        return everybody
    return _known_here(
        lambda caller: (
            OK
            if caller.role in operation.audience and (caller.is_named or caller.is_organiser)
            else FORBIDDEN
        )
    )


def _sealers(caller: Caller) -> int:
    """Let holders look for an account to seal, of which they have none of this name."""
    is_holder = caller.is_named or caller.role is Role.DEANONYMIZER  # of a pair with the anonymizer
    return _known_here(lambda _: NOT_FOUND if is_holder else FORBIDDEN)(caller)


def subject_and_organiser(role: Role) -> Decide:
    """Let the named participant of a role see its own, and the organiser everything."""
    return _known_here(
        lambda caller: (
            OK if caller.is_organiser or (caller.role is role and caller.is_named) else FORBIDDEN
        )
    )


def _own_attempts_on_an_anonymizer(caller: Caller) -> int:
    """Take an anonymizer's history: a deanonymizer's token turns it into its own attempts on it."""
    if caller.role is Role.DEANONYMIZER and not caller.is_foreign:
        return OK
    return subject_and_organiser(Role.ANONYMIZER)(caller)


def _known_here(decide: Decide) -> Decide:
    """Want a token of this challenge before anything is decided."""

    def expected(caller: Caller) -> int:
        if caller.role is None:
            return UNKNOWN
        return FORBIDDEN if caller.is_foreign else decide(caller)

    return expected


# --- what is asked --------------------------------------------------------------------------------


def questions(
    mounts: Mapping[str, HostedChallenge],
    served: Mapping[str, set[str]],
    scores: Mapping[Role, int],
) -> list[Question]:
    """Return what can be asked of an app.

    Parameters
    ----------
    mounts
        Challenges by the path below which they are.
    served
        Every route that the app serves, with its methods; OPTIONS goes without saying.
    scores
        A recorded score of each role.

    Raises
    ------
    UnansweredRouteError
        If the rule has no answer for a route or a method, or the app does not serve what it should.
    """
    asked = [*_of_the_server(is_alone="" in mounts)]
    for base, hosted in mounts.items():
        asked += _of_a_challenge(base, hosted, scores)
    asked += _of_pages(mounts, {question.route for question in asked})
    answered: dict[str, set[str]] = {}
    for question in asked:
        answered.setdefault(question.route, set()).update(question.methods)
    for route in served.keys() | answered.keys():
        if served.get(route) != answered.get(route):
            raise UnansweredRouteError(
                f"{route} is served for {served.get(route)}; the rule knows {answered.get(route)}"
            )
    return asked


def _of_pages(mounts: Mapping[str, HostedChallenge], known: set[str]) -> Iterator[Question]:
    """Ask for pages that answer no program, and for what is sent from any page."""
    for page in PAGES:
        for base in [""] if page.of_server else mounts:
            if (base + page.path or "/") not in known:  # a challenge alone is at the root, too
                takes = any(form.path == page.path for form in page.forms)
                yield Question(
                    route=base + page.path,
                    target=base + page.path,
                    methods=(*READ, "POST") if takes else READ,
                    decide=_seen_by(page),
                    success=_success(page, is_open=True),
                    posting=FORBIDDEN if takes else None,
                )
            for form in page.forms:
                if form.path != page.path:
                    # A token alone sends no form: it needs the key of a browser's session.
                    yield Question(
                        route=base + form.path,
                        target=base + form.path,
                        methods=("POST",),
                        decide=everybody,
                        posting=FORBIDDEN,
                    )


def _success(page: Page, *, is_open: bool) -> int:
    if page.name == "sign-in-code":
        return SEE_OTHER
    return FORBIDDEN if is_open and page.seen_by == {Role.ORGANISER} else OK


def _seen_by(page: Page) -> Decide:
    if Role.PUBLIC in page.seen_by:
        return lambda _: _success(page, is_open=False)
    return _known_here(lambda caller: OK if caller.role in page.seen_by else FORBIDDEN)


def _of_the_server(*, is_alone: bool) -> Iterator[Question]:
    for path in ("/", "/challenges", "/livez", "/readyz"):
        yield Question(route=path, target=path, decide=everybody)
    assets = f"{ASSETS}/{{name}}"
    yield Question(route=assets, target=f"{ASSETS}/{asset('css')}", decide=everybody)
    if not is_alone:
        yield Question(route="/openapi.json", target="/openapi.json", decide=everybody)
    counts = _organiser_of_all if not is_alone else organiser_only(OK)
    yield Question(route="/metrics", target="/metrics", decide=counts)


def _of_a_challenge(
    base: str, hosted: HostedChallenge, scores: Mapping[Role, int]
) -> Iterator[Question]:
    documents = ["/challenge.json", "/openapi.json", *([""] if base else [])]
    for path in documents:
        yield Question(route=base + path, target=base + path, decide=everybody)
    picture = f"{base}/pages/image"
    yield Question(route=picture, target=picture, decide=lambda _: NOT_FOUND, success=NOT_FOUND)
    yield from _of_the_core(base, scores)
    for product in hosted.products.values():
        yield Question(
            route=base + product.path,
            target=f"{base}{product.path}{_query(product.parameters)}",
            decide=audience_of(product),
        )
    for kind in hosted.kinds:
        selector = "&{}={}".format(*kind.selector) if kind.selector else ""
        yield Question(
            route=base + kind.path,
            target=f"{base}{kind.path}{_query(kind.parameters)}{selector}",
            methods=("POST",),
            decide=submitter_of(kind),
            success=CREATED,
            kind=kind,
        )
    for operation in hosted.operations:
        yield Question(
            route=base + operation.path,
            target=f"{base}{operation.path}{_query(operation.query)}",
            methods=(operation.method,),
            decide=callers_of(operation),
        )


def _of_the_core(base: str, scores: Mapping[Role, int]) -> Iterator[Question]:
    anonymizer, deanonymizer = NAMED[Role.ANONYMIZER], NAMED[Role.DEANONYMIZER]
    route = f"{base}/scores/{{score_id:int}}"
    for role, number in scores.items():
        own = subject_and_organiser(role)
        yield Question(route=route, target=f"{base}/scores/{number}", decide=own)
    route = f"{base}/ranking"
    yield Question(route=route, target=route, decide=_known_here(everybody))
    yield Question(route=route, target=f"{route}?split=tuning", decide=organiser_only(OK))
    route, target = f"{base}/attempts", f"{base}/attempts?anonymizer={anonymizer}"
    yield Question(route=route, target=target, decide=_own_attempts_on_an_anonymizer)
    yield Question(
        route=f"{base}/team",
        target=f"{base}/team?anonymizer={anonymizer}",
        decide=_own_attempts_on_an_anonymizer,
    )
    every_pair = f"{base}/attempts?deanonymizer={deanonymizer}"
    yield Question(route=route, target=every_pair, decide=subject_and_organiser(Role.DEANONYMIZER))
    target += f"&deanonymizer={deanonymizer}"
    yield Question(route=route, target=target, decide=subject_and_organiser(Role.DEANONYMIZER))

    route, target = f"{base}/accounts", f"{base}/accounts?anonymizer={anonymizer}"
    yield Question(route=route, target=target, decide=_own_attempts_on_an_anonymizer)
    target += f"&deanonymizer={deanonymizer}"
    yield Question(route=route, target=target, decide=subject_and_organiser(Role.DEANONYMIZER))
    yield Question(
        route=f"{base}/accounts/{{name}}/seal",
        target=f"{base}/accounts/none/seal?anonymizer={anonymizer}",
        methods=("POST",),
        decide=_sealers,
        success=NOT_FOUND,
    )
    tokens = f"{base}/tokens"
    yield Question(
        route=tokens,
        target=tokens,
        methods=("POST",),
        decide=_known_here(lambda _: CREATED),
        success=FORBIDDEN,
    )
    yield from _of_jobs(base)
    yield from _devices(base)
    yield from _of_the_archive(base)
    yield Question(route=f"{base}/whoami", target=f"{base}/whoami", decide=_holder_of_a_token)
    yield Question(route=f"{base}/targets", target=f"{base}/targets", decide=_attackers)


def _devices(base: str) -> Iterator[Question]:
    """Anybody may wait and look at the page; who lets a device in sends a token in the form."""
    page, codes, token = (f"{base}/device{end}" for end in ("", "/codes", "/token"))
    yield Question(route=page, target=page, methods=(*READ, "POST"), decide=everybody, posting=BAD)
    yield Question(
        route=codes, target=codes, methods=("POST",), decide=everybody, success=FORBIDDEN
    )
    yield Question(route=token, target=token, methods=("POST",), decide=lambda _: BAD, success=BAD)


def _of_jobs(base: str) -> Iterator[Question]:
    for role, number in JOBS.items():
        yield Question(
            route=f"{base}/jobs/{{job_id}}",
            target=f"{base}/jobs/{number}",
            methods=(*READ, "DELETE"),
            decide=owner_alone(role),
        )
    yield Question(
        route=f"{base}/jobs/{{job_id}}/result",
        target=f"{base}/jobs/{JOBS[Role.ANONYMIZER]}/result",
        decide=_known_here(lambda _: NOT_FOUND),
        success=NOT_FOUND,
    )
    yield Question(
        route=f"{base}/audits",
        target=f"{base}/audits?anonymizer={NAMED[Role.ANONYMIZER]}&attack=unknown",
        methods=("POST",),
        decide=organiser_only(UNFIT),
        success=FORBIDDEN,
    )


def _of_the_archive(base: str) -> Iterator[Question]:
    named = f"anonymizer={NAMED[Role.ANONYMIZER]}"
    route = f"{base}/archive"
    yield Question(
        route=route,
        target=f"{route}?{named}",
        decide=_own_attempts_on_an_anonymizer,
    )
    for ending in ("", "/request", "/answer"):
        yield Question(
            route=f"{base}/archive/{{number:int}}{ending}",
            target=f"{base}/archive/999999{ending}",
            decide=_known_here(lambda _: NOT_FOUND),
            success=NOT_FOUND,
        )


def owner_alone(role: Role) -> Decide:
    """Let the named participant of a role see its own, and nobody else know that it is there."""
    return _known_here(lambda caller: OK if caller.role is role and caller.is_named else NOT_FOUND)


_holder_of_a_token = _known_here(lambda _: OK)
_attackers = _known_here(
    lambda caller: OK if caller.is_organiser or caller.role is Role.DEANONYMIZER else FORBIDDEN
)


def missing(base: str) -> Iterator[Question]:
    """Return questions for what is not there: nobody may learn from the answer what is."""
    yield Question(
        route=f"{base}/scores/{{score_id:int}}",
        target=f"{base}/scores/999999",
        decide=organiser_only(NOT_FOUND),
        success=NOT_FOUND,
    )


def _query(parameters: tuple[Parameter, ...]) -> str:
    values = {role.value: name for role, name in NAMED.items()} | {"data_split": Split.TUNING.value}
    given = [f"{p.name}={values[p.name]}" for p in parameters if p.name in values]
    return "?" + "&".join(given) if given else ""
