"""What plugins are given, and what they are not."""

import base64
from pathlib import Path
from typing import Any

from anomed_core import hookimpl
from tests.security.callers import ANONYMIZER_HERE, CALLERS, DEANONYMIZER_HERE
from tests.security.conftest import TYPES, populated
from tests.security.ward import Ward


class Eavesdropping(Ward):
    """Writes down all that it is given because of a request."""

    def __init__(self) -> None:
        super().__init__()
        self.given: dict[str, str] = {}

    def note(self, hook: str, *things: Any) -> None:
        self.given[hook] = self.given.get(hook, "") + "".join(f"{thing!r}\n" for thing in things)

    @hookimpl
    def anomed_authorize(self, challenge: Any, action: Any, subject: Any) -> None:
        self.note("authorize", challenge, action, subject)

    @hookimpl
    def anomed_provide_data(self, challenge: Any, product: Any, request: Any) -> Any:
        self.note("provide", challenge, product, request)
        return super().anomed_provide_data(challenge, product, request)

    @hookimpl
    def anomed_validate_submission(self, challenge: Any, submission: Any) -> None:
        self.note("validate", challenge, submission)

    @hookimpl
    def anomed_evaluate_utility(self, challenge: Any, submission: Any) -> Any:
        self.note("utility", challenge, submission)
        return super().anomed_evaluate_utility(challenge, submission)

    @hookimpl
    def anomed_evaluate_threat(self, challenge: Any, submission: Any, target: Any) -> Any:
        self.note("threat", challenge, submission, target)
        return super().anomed_evaluate_threat(challenge, submission, target)

    @hookimpl
    def anomed_score_recorded(self, challenge: Any, score: Any) -> None:
        self.note("recorded", challenge, score)

    @hookimpl
    def anomed_health(self, challenge: Any) -> None:
        self.note("health", challenge)


def test_no_hook_is_given_a_token(tmp_path: Path, monkeypatch: Any) -> None:
    plugin = Eavesdropping()
    monkeypatch.setitem(TYPES, "ward", (plugin, {}))
    with populated("ward", tmp_path, auth="tokens") as world:
        for question in world.questions():
            for caller in CALLERS:
                world.ask(question.methods[0], question, caller)
        tokens = dict(world.tokens)

    heard = "".join(plugin.given.values())
    assert set(plugin.given) == {
        "authorize",
        "provide",
        "validate",
        "utility",
        "threat",
        "recorded",
        "health",
    }
    for caller in (ANONYMIZER_HERE, DEANONYMIZER_HERE):
        assert f"test-{caller.name}" in heard, "nothing was heard, so nothing is shown"
    for token in tokens.values():
        secret = token.split("-")[2]
        for form in (secret, token.split("-")[1], base64.b64encode(token.encode()).decode()):
            assert form not in heard
