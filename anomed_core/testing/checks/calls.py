"""Whether operations keep their contract: answers, prices, and accounts that are sealed."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from anomed_core.errors import AnomedError, RequestError, UsageError
from anomed_core.ledger import Grant
from anomed_core.model import Line, Role, amount_text
from anomed_core.service.accounts import accounts_of
from anomed_core.testing.calls import TriedCall, call_as, calls, price_of
from anomed_core.testing.checks.failure import NotApplicableError, NotCheckedError, fail_if_any
from anomed_core.testing.client import Answer, ChallengeClient, described
from anomed_core.testing.plugin_under_test import OTHER_SECRET, PluginUnderTest

_PLAYERS = (Role.ANONYMIZER, Role.DEANONYMIZER)


def calls_answered(plugin_under_test: PluginUnderTest) -> str:
    """Answer the calls of every operation as it declares, at its price or for less."""
    problems: list[str] = []
    unanswered: dict[str, str] = {}
    n_answered = 0
    with plugin_under_test.served() as client:
        for number, call in enumerate(_examples(client)):
            name = call.operation.name
            answer = call_as(client, call, f"caller-{number}")
            if answer.status >= 500:
                problems.append(f"{call}: {answer.reason}")
            elif answer.status != 200:
                unanswered.setdefault(name, answer.reason)
            else:
                n_answered += 1
                unanswered[name] = ""
    fail_if_any(problems)
    missing = [f"{name!r} ({reason})" for name, reason in unanswered.items() if reason]
    if missing:
        raise NotCheckedError(
            f"no example is answered of the operations {', '.join(missing)}; give the JSON Schema "
            "of their requests examples that are"
        )
    return f"{n_answered} calls of {len(unanswered)} operations"


def prices_public(plugin_under_test: PluginUnderTest) -> str:
    """Make prices of the request and of what is public, and neither of data nor of answers."""
    n_prices, problems = 0, list[str]()
    other = plugin_under_test.open(secret=OTHER_SECRET)
    with plugin_under_test.served() as client:
        for number, call in enumerate(_examples(client)):
            if callable(call.operation.price):
                n_prices += 1
                problems += _told_by_price(client, other, call, f"caller-{number}")
    fail_if_any(problems)
    if not n_prices:
        raise NotApplicableError("no operation has a price that depends on the call")
    return f"{n_prices} prices"


def _told_by_price(
    client: ChallengeClient, other: ChallengeClient, call: TriedCall, who: str
) -> Iterator[str]:
    before, elsewhere = _price(client, call, who), _price(other, call, who)
    if before != elsewhere:
        yield (
            f"{call} costs {before} and, where the secret is another one, {elsewhere}: its price "
            "tells private data for nothing; make it of the request and of what is public"
        )
        return
    call_as(client, call, who)
    afterwards = _price(client, call, who)
    if before != afterwards:
        yield (
            f"{call} costs {before} before it is answered and {afterwards} afterwards: its price "
            "depends on the answer, which is not known when it is reserved"
        )


def _price(client: ChallengeClient, call: TriedCall, who: str) -> str:
    """Return a price, or why there is none, as a text that can be compared."""
    try:
        return _text(price_of(client, call, who))
    except RequestError as error:
        return f"nothing, as it is refused ({error})"
    except AnomedError as error:
        return f"nothing, as its price fails ({described(error)})"


def _text(lines: Iterable[Line]) -> str:
    told = (f"{amount_text(line.amount)} {line.resource} of {line.account!r}" for line in lines)
    return " and ".join(told) or "nothing"


def sealed_accounts_closed(plugin_under_test: PluginUnderTest) -> str:
    """Answer nothing that is paid for, once whoever asks has sealed all accounts."""
    n_closed, problems = 0, list[str]()
    with plugin_under_test.served() as client:
        for number, call in enumerate(_examples(client)):
            own = [a for a in call.operation.accounts if not a.shared]
            subject = call.subject_of(f"sealed-{number}")
            if not own or not accounts_of(client.hosted, subject):
                continue
            for account in own:
                client.server.ledger.budgets.seal(
                    client.hosted.id, account.name, subject, reason="to try a call", by="holder"
                )
            answer = call_as(client, call, f"sealed-{number}")
            n_closed += 1
            if answer.status == 200:
                names = ", ".join(repr(account.name) for account in own)
                problems.append(
                    f"{call} is answered although {names} is sealed: its price takes nothing "
                    "from it, so a sealed account goes on; let every call cost something"
                )
    fail_if_any(problems)
    if not n_closed:
        raise NotApplicableError("no operation is paid from an account that could be sealed")
    return f"{n_closed} calls"


def calls_archived(plugin_under_test: PluginUnderTest) -> str:
    """Archive each call that is paid for with exactly the answer that its caller got."""
    n_archived, problems = 0, list[str]()
    with plugin_under_test.served() as client:
        for number, call in enumerate(_examples(client)):
            who = f"archived-{number}"
            if not call.operation.accounts or not price_of(client, call, who):
                continue
            answer = call_as(client, call, who)
            if answer.status == 200:
                n_archived += 1
                problems += _missed_by_archive(client, call, who, answer)
    fail_if_any(problems)
    if not n_archived:
        raise NotApplicableError("no operation is paid for, so none of its calls is archived")
    return f"{n_archived} paid calls"


def _missed_by_archive(
    client: ChallengeClient, call: TriedCall, who: str, answer: Answer
) -> Iterator[str]:
    entries = client.get("/archive", **call.query_of(who)).json["entries"]
    if not entries:
        yield (
            f"{call} is answered and paid for, and the archive has no entry of it: after a crash "
            "nobody could tell what was released"
        )
        return
    kept = client.get(f"/archive/{entries[-1]['id']}/answer")
    if kept.status != 200 or kept.body != answer.body:
        yield (
            f"{call} is archived with another answer than its caller got; what is told is what is "
            "archived, byte by byte"
        )


_ASYNC = {"Prefer": "respond-async"}


def jobs_own(plugin_under_test: PluginUnderTest) -> str:
    """Tell a job and what came of it to whoever has called, and to nobody else."""
    n_jobs, problems = 0, list[str]()
    with plugin_under_test.served(settings={"auth": "tokens"}) as client:
        for number, call in enumerate(_examples_of_jobs(client)):
            n_jobs += 1
            problems += _told_to_others(client, call, number)
    fail_if_any(problems)
    return f"{n_jobs} jobs"


def _examples_of_jobs(client: ChallengeClient) -> Iterator[TriedCall]:
    """Return one example of each operation that jobs may answer."""
    if all(operation.cheap for operation in client.hosted.operations):
        raise NotApplicableError("no operation is answered by a job")
    seen = set[str]()
    for call in _examples(client):
        operation = call.operation
        if not operation.cheap and call.role in _PLAYERS and operation.name not in seen:
            seen.add(operation.name)
            yield call


def _told_to_others(client: ChallengeClient, call: TriedCall, number: int) -> Iterator[str]:
    owner, other = (_as_holder(client, call, f"{who}-{number}") for who in ("owner", "other"))
    accepted = call_as(owner, call, f"owner-{number}", headers=_ASYNC, waits=False)
    if accepted.status != 202:
        yield f"{call} gives no job but {accepted.status} if one is asked for: {accepted.reason}"
        return
    job = f"/jobs/{accepted.json['id']}"
    while owner.get(job).json["state"] == "queued":
        client.server.job_worker.do_one(lambda: False)
    for path in (job, f"{job}/result"):
        told = other.get(path)
        if told.status != 404:
            yield (
                f"{call} is answered by a job of its caller, and GET {path} tells somebody else "
                f"({told.status}); a job and what came of it are its owner's alone"
            )


def _as_holder(client: ChallengeClient, call: TriedCall, who: str) -> ChallengeClient:
    """Return somebody with a token for the role in which a call is made."""
    token = client.server.tokens.create(
        Grant(role=call.role, holder=who, challenge=client.hosted.id)
    )
    return ChallengeClient(
        client.server, client.hosted.id, anonymizer=client.anonymizer, token=token
    )


def _examples(client: ChallengeClient) -> list[TriedCall]:
    if not client.hosted.operations:
        raise NotApplicableError("no operation is declared")
    try:
        return list(calls(client))
    except UsageError as error:
        raise NotCheckedError(f"an operation cannot be called: {error}") from error
