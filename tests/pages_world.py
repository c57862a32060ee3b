"""A server to look at: forty teams with names of all sorts, an empty challenge and a closed one."""

from __future__ import annotations

import random
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import attrs

from anomed_core import ChallengeSpec, Phase, ServerSettings, ShownRanking, Split
from anomed_core.config.settings import QuotaSettings
from anomed_core.ledger import Grant, NewToken
from anomed_core.model import ChallengePages, Role
from anomed_core.plugins import build_registry
from anomed_core.service.opening import open_server
from anomed_core.service.server import Server
from tests.ledger.contest import Contest, anonymizer, pair
from tests.ranked_type import Incomes, IncomesConfig

NAMES = (
    "Nordlicht",
    "Datenschutz-Arbeitsgruppe der Universitätsklinik Sankt Nikolaus am Rhein",
    "فريق الخصوصية",
    "k-Means Business",
    "Okapi",
    "privacy-by-design-lab-2026-baseline-with-suppression-v3-final",
    "Щит и данные",
    "<b>& Söhne</b>",
    "x" * 80,
)
N_TEAMS = 40
ATTACKERS = ("dan", "dot", "mallory")
STORY = "Publish incomes that are of use, and tell nobody whose they are."


@attrs.frozen(kw_only=True)
class PagesWorld:
    """A server with tokens of all roles.

    Attributes
    ----------
    server
        It.
    tokens
        By the name of who holds them: ``anonymizer``, ``deanonymizer``, ``organiser``.
    scores
        Numbers of some finals in the ledger, by name: ``ranked``, ``annulled``, ``gated``.
    """

    server: Server
    tokens: Mapping[str, str]
    scores: Mapping[str, int]


def open_world(
    state: Path,
    *,
    n_teams: int = N_TEAMS,
    n_attacks: int = 3,
    auth: str = "tokens",
    in_background: bool = False,
    n_tuning: int = 5,
    **options: Any,
) -> PagesWorld:
    """Open a server and let its contests be played.

    Parameters
    ----------
    state
        Its folder.
    n_teams, n_attacks
        How many anonymizers there are, and attacks of participants on each.
    auth, options
        Settings of the server.
    in_background
        Whether it is served: figures are drawn beside it then.
    n_tuning
        Tuning attempts a day; 0 for as many as one likes.
    """
    registry = build_registry()
    registry.add(Incomes(), name="incomes")
    now = datetime.now(UTC).replace(microsecond=0)
    phases = {
        "incomes": (now - timedelta(days=9), now + timedelta(days=30)),
        "early": (now + timedelta(days=3), now + timedelta(days=40)),
        "old": (now - timedelta(days=90), now - timedelta(days=2)),
    }
    specs = [
        ChallengeSpec(
            id=name,
            type="incomes",
            title=title,
            description=STORY,
            config=IncomesConfig(),
            ranking=ShownRanking(visible_to="public", from_="now"),
            phases={split: Phase(opens=opens, closes=closes) for split in Split},
            finals="told",
            pages=ChallengePages(
                story="A town wants to publish what its people earn.\n\n> And give nobody away.",
                rules="1. One team, one token.\n2. Nothing from **elsewhere** <b>is used</b>.",
            )
            if name == "incomes"
            else ChallengePages(),
        )
        for (name, (opens, closes)), title in zip(
            phases.items(),
            ("Incomes of a town, published", "Incomes of next year", "Incomes of last year"),
            strict=True,
        )
    ]
    settings = ServerSettings(
        state=state, auth=auth, quota=QuotaSettings(tuning_attempts=n_tuning), **options
    )
    server = open_server(
        specs, registry=registry, settings=settings, in_background=in_background, environment={}
    )
    numbers = play(server, "incomes", n_teams=n_teams, n_attacks=n_attacks)
    play(server, "old", n_teams=min(4, n_teams), n_attacks=2)
    return PagesWorld(server=server, tokens=hand_out(server), scores=numbers)


def hand_out(server: Server) -> dict[str, str]:
    """Make a token for an anonymizer, a deanonymizer and an organiser of all challenges."""
    grants = {
        "anonymizer": [Grant(role=Role.ANONYMIZER, holder="team-4", challenge="incomes")],
        "deanonymizer": [Grant(role=Role.DEANONYMIZER, holder="dan", challenge="incomes")],
        "organiser": [
            Grant(role=Role.ORGANISER, holder="Olga", challenge=name) for name in server.challenges
        ],
    }
    teams = {"anonymizer": "Okapi", "deanonymizer": "Dan's attackers", "organiser": "Organisers"}
    return {
        role: server.tokens.create(*granted, team=teams[role]) for role, granted in grants.items()
    }


def play(server: Server, challenge: str, *, n_teams: int, n_attacks: int) -> dict[str, int]:
    """Let teams submit and be attacked; annul one final; return numbers of some finals."""
    rng = random.Random(7)
    hosted = server.challenges[challenge]
    contest = Contest(ledger=server.ledger, challenge=challenge, fingerprint=hosted.fingerprint)
    if challenge == "incomes":
        _join(server, n_teams)
    finals = {}
    ledger = server.ledger
    opened = attrs.evolve(contest, ledger=ledger)
    for n in range(n_teams):
        name = f"team-{n}"
        for _ in range(2 if n == 4 else 0):
            opened.submit(
                "anonymizer", anonymizer(name), {"utility": rng.uniform(0.6, 0.9)}, Split.TUNING
            )
        utility = 0.3 if n == 7 else rng.uniform(0.62, 0.95)
        finals[name] = opened.submit("anonymizer", anonymizer(name), {"utility": utility})
    for n, (name, final) in enumerate(finals.items()):
        if n == 6:
            continue  # nobody attacks it
        base = rng.uniform(0.0, 0.3)
        opened.find(final, "panel", _risk(base, rng))
        for k in range(n_attacks):
            attacker = ATTACKERS[k] if k < len(ATTACKERS) else f"attacker-{k}"
            if attacker == "dan" and n % 2:
                continue
            opened.submit("deanonymizer", pair(name, attacker), _risk(base + 0.02 * k, rng))
    if n_teams > 9:
        server.ledger.annul(finals["team-9"].id, "two accounts of one team")
    numbers = {"ranked": 0, "gated": 7, "waiting": 6, "own": 4, "annulled": 9}
    return {key: finals[f"team-{n}"].id for key, n in numbers.items() if f"team-{n}" in finals}


def _join(server: Server, n_teams: int) -> None:
    """Give each team but the one that looks a token, and some a name of their own."""
    ids = [f"team-{n}" for n in range(n_teams) if n != 4]
    server.tokens.create_all(
        [
            NewToken(
                team=name,
                grants=(Grant(role=Role.ANONYMIZER, holder=name, challenge="incomes"),),
            )
            for name in ids
        ]
    )
    for n, name in enumerate(NAMES[:n_teams]):
        if n != 4:
            server.teams.rename(f"team-{n}", name, "as they like to be called")


def _risk(base: float, rng: random.Random) -> dict[str, float]:
    risk = min(1.0, max(0.0, base + rng.uniform(-0.02, 0.02)))
    return {"risk": risk, "risk_low": max(0.0, risk - 0.03), "risk_high": min(1.0, risk + 0.04)}
