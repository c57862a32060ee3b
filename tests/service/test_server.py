"""All challenges of a server, opened together."""

from pathlib import Path

import pytest
from structlog.testing import capture_logs

from anomed_core import ChallengeSpec, ServerSettings
from anomed_core.config import QuotaSettings
from anomed_core.errors import ConfigError, LedgerMismatchError, PluginNotFoundError
from anomed_core.ledger import ClaimRequest, Provenance, Quota
from anomed_core.model import Role, Split, Subject
from anomed_core.plugins import build_registry
from anomed_core.service.opening import open_server
from anomed_core.service.server import Server
from tests.conftest import OpenServer
from tests.example_types import Guessing, GuessingConfig, Tables

SEEDED = ChallengeSpec(id="guessing", type="guessing", seed=1)
RESEEDED = ChallengeSpec(id="guessing", type="guessing", seed=2)


def score_something(server: Server) -> None:
    claim = server.ledger.claim(
        ClaimRequest(
            challenge="guessing",
            kind="anonymizer",
            subject=Subject(role=Role.ANONYMIZER, anonymizer="a"),
            split=Split.VALIDATION,
            payload_digest="",
            fingerprint=server.challenges["guessing"].fingerprint,
            lease_s=9,
        )
    )
    provenance = Provenance(core_version="1", plugin="p", plugin_version="1")
    server.ledger.record(claim, {"mae": 1.0}, provenance)


def test_challenges_of_several_types_live_in_one_house(server_of: OpenServer) -> None:
    server = server_of(Guessing(), Tables(), Guessing(name="second"))

    assert list(server.challenges) == ["guessing", "tables", "second"]


def test_two_challenges_of_one_type_draw_on_their_own(server_of: OpenServer) -> None:
    specs = [ChallengeSpec(id=name, type="guessing") for name in ("a", "b")]
    server = server_of(Guessing(), specs=specs)

    a, b = (server.challenges[name].challenge for name in ("a", "b"))
    assert a.definition.y.tolist() != b.definition.y.tolist()
    assert a.lottery.fingerprint != b.lottery.fingerprint


def test_the_secret_decides_the_draws_and_outlives_the_house(server_of: OpenServer) -> None:
    first = server_of(Guessing()).challenges["guessing"]
    again = server_of(Guessing()).challenges["guessing"]

    assert first.challenge.definition.y.tolist() == again.challenge.definition.y.tolist()
    assert first.fingerprint == again.fingerprint


def test_a_secret_of_the_environment_makes_replicas_equal(tmp_path: Path) -> None:
    drawn = []
    for folder in ("a", "b"):
        registry = build_registry(discover=False)
        registry.add(Guessing(), name="game")
        server = open_server(
            [ChallengeSpec(id="guessing", type="guessing")],
            registry=registry,
            settings=ServerSettings(state=tmp_path / folder),
            environment={"ANOMED_SECRET": "ab" * 32},
        )
        drawn.append(server.challenges["guessing"].challenge.definition.y.tolist())
        server.close()

    assert drawn[0] == drawn[1]


def test_a_seed_is_announced_loudly(server_of: OpenServer) -> None:
    with capture_logs() as logs:
        server_of(Guessing(), specs=[SEEDED])

    (line,) = logs
    assert line["log_level"] == "warning"
    assert "whoever knows it can compute the ground truth" in line["event"]


def test_an_id_that_is_used_twice_is_refused(server_of: OpenServer) -> None:
    with pytest.raises(ConfigError, match=r"challenges\.guessing: the id is used twice"):
        server_of(Guessing(), specs=[SEEDED, SEEDED])


def test_a_house_without_challenges_is_refused(server_of: OpenServer) -> None:
    with pytest.raises(ConfigError, match=r"there is none; add a table \[challenges\.<id>\]"):
        server_of()


def test_a_type_that_is_not_loaded_is_refused(server_of: OpenServer) -> None:
    with pytest.raises(PluginNotFoundError, match="'other' is not loaded; loaded: guessing"):
        server_of(Guessing(), specs=[ChallengeSpec(id="x", type="other")])


# --- a ledger of other data or metrics ------------------------------------------------------------


def test_other_draws_are_taken_as_long_as_there_are_no_scores(server_of: OpenServer) -> None:
    server_of(Guessing(), specs=[SEEDED])

    assert server_of(Guessing(), specs=[RESEEDED]).ledger.verify() == []


def test_other_draws_are_refused_once_there_are_scores(server_of: OpenServer) -> None:
    score_something(server_of(Guessing(), specs=[SEEDED]))

    with pytest.raises(LedgerMismatchError, match=r"'guessing' has 1 scores .* other data or"):
        server_of(Guessing(), specs=[RESEEDED])


def test_another_secret_is_named_as_the_cause(server_of: OpenServer, state: Path) -> None:
    score_something(server_of(Guessing()))
    (state / "secret").write_text("2" * 64)

    with pytest.raises(LedgerMismatchError, match=r"1 scores .* with another secret"):
        server_of(Guessing())


def test_an_accepted_change_is_taken_from_then_on(server_of: OpenServer) -> None:
    score_something(server_of(Guessing(), specs=[SEEDED]))

    server_of(Guessing(), specs=[RESEEDED], accept_change=True)

    assert server_of(Guessing(), specs=[RESEEDED]).ledger.verify() == []


# --- settings -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("settings", "quota"),
    [
        (QuotaSettings(), None),
        (QuotaSettings(tuning_attempts=3), Quota(attempts=3)),
        (QuotaSettings(tuning_attempts=3, period_s=60), Quota(attempts=3, period_s=60)),
    ],
)
def test_the_quota_is_that_of_the_settings(
    settings: QuotaSettings, quota: Quota | None, server_of: OpenServer
) -> None:
    assert server_of(Guessing(), quota=settings).submissions.quota == quota


def test_a_claim_outlives_the_longest_evaluation(server_of: OpenServer) -> None:
    assert server_of(Guessing(), evaluation_timeout_s=100.0).submissions.lease_s > 100


def test_only_a_cap_makes_a_throttle(server_of: OpenServer) -> None:
    assert server_of(Guessing()).throttle is None
    assert server_of(Guessing(), quota=QuotaSettings(requests=5)).throttle is not None


def test_every_hook_is_told_what_the_organiser_decided(server_of: OpenServer) -> None:
    config = GuessingConfig(size=3)
    spec = ChallengeSpec(id="mine", type="guessing", config=config)

    challenge = server_of(Guessing(), specs=[spec]).challenges["mine"].challenge

    assert challenge.config is config
    assert "size" not in repr(challenge)
