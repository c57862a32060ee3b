"""The demo: three baseline anonymizers and two baseline deanonymizers compete over HTTP."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from anomed_supervised_mia.attacks import (
    Attack,
    GapAttack,
    LossThreshold,
    Signals,
)

if TYPE_CHECKING:
    from anomed_client import Arrays, Split

    from anomed_core import DemoSession
    from anomed_supervised_mia.anonymizers import BaselineAnonymizer

_SPLITS: tuple[Split, ...] = ("tuning", "validation")


def play(session: DemoSession) -> None:
    """Train, predict and attack; the core prints who won.

    Parameters
    ----------
    session
        Where the server is.
    """
    training = session.join().arrays("anonymizer/training")
    session.tell(
        f"Anonymizers download {len(training['X'])} training records of "
        f"{training['X'].shape[1]} features."
    )
    for anonymizer in _anonymizers():
        name = anonymizer.name
        rng = np.random.default_rng(session.seed)
        model = anonymizer.fit(training["X"], training["y"], rng=rng)
        challenge = session.join(name)
        for split in _SPLITS:
            features = challenge.arrays(f"anonymizer/{split}").X
            scores = challenge.submit(model.predict(features), split=split)
            session.tell(f"  {name}: accuracy {scores['accuracy']:.3f} on {split} data")
        _attack_all(session, name, model)


def _anonymizers() -> tuple[BaselineAnonymizer, ...]:
    """Return a model with a proof, one that is merely cautious, and one that learns by heart."""
    from anomed_supervised_mia.anonymizers import (
        overfitted_anonymizers,
        private_anonymizers,
        underfitted_anonymizers,
    )

    private = private_anonymizers((0.0, 16.0), epsilon=10.0)[0]
    cautious = underfitted_anonymizers()[-1]
    overfitted = next(a for a in overfitted_anonymizers() if a.name == "overfitted-forest")
    return private, cautious, overfitted


def _attack_all(session: DemoSession, anonymizer: str, model: Any) -> None:
    """Attack one anonymizer with every attack; what it answers is all that attacks see of it."""
    members, non_members = (
        _signals(model, session.join().arrays(f"deanonymizer/{side}"))
        for side in ("members", "non-members")
    )
    attacks: tuple[Attack, ...] = (LossThreshold(), GapAttack())
    for attack in attacks:
        fitted = attack.fit(members, non_members, rng=np.random.default_rng(session.seed))
        name = attack.name.replace(" ", "-")
        attacker = session.join(name).attack(anonymizer)
        for split in _SPLITS:
            targets = attacker.arrays("attack-success-evaluation", split=split)
            scores = fitted.score(_signals(model, targets))
            found = attacker.submit(scores, split=split)
        session.tell(f"  {name} attacks {anonymizer}: AUC {found['auc']:.3f}")


def _signals(model: Any, records: Arrays) -> Signals:
    return Signals.from_probabilities(model.predict_proba(records.X), records.y)
