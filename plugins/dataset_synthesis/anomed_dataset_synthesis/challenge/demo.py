"""The demo: baseline generators publish, baseline attackers attack, over HTTP."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import attrs
import numpy as np

from anomed_dataset_synthesis.attacks.attribute import guess_by_neighbours
from anomed_dataset_synthesis.attacks.membership import distance_ratio
from anomed_dataset_synthesis.generators import (
    Bootstrap,
    DPMarginalTree,
    Generator,
    SequentialTrees,
)
from anomed_dataset_synthesis.table.canonical import CanonicalTable, canonicalise, to_frame
from anomed_dataset_synthesis.table.codebook import Codebook
from anomed_dataset_synthesis.table.partial import canonicalise_known

if TYPE_CHECKING:
    from anomed_client import Attack, Challenge, Split

    from anomed_core import DemoSession

_ATTACKER = "neighbour"
_SPLITS: tuple[Split, ...] = ("tuning", "validation")


def play(session: DemoSession) -> None:
    """Synthesise, publish and attack.

    Parameters
    ----------
    session
        Where the server is.
    """
    challenge = session.join()
    rules = challenge.document("data/codebook")
    codebook = Codebook.from_mapping({"columns": rules["columns"]})
    session.tell(
        f"Synthesizers download {rules['n_training']['validation']} records of "
        f"{codebook.n_columns} columns; everybody sees a public background."
    )
    for generator in _generators(challenge):
        _compete(session, generator, rules=rules, codebook=codebook)
    session.tell(
        f"A utility of {rules['gate']:g} is the gate; then the risk counts, the advantage that an "
        "attack surely had."
    )


def _generators(challenge: Challenge) -> list[Generator]:
    background = challenge.table("data/background")
    return [
        Bootstrap(),
        SequentialTrees(),
        DPMarginalTree(epsilon=10.0, background=background),
    ]


def _compete(
    session: DemoSession,
    generator: Generator,
    *,
    rules: Mapping[str, Any],
    codebook: Codebook,
) -> None:
    name = generator.name.replace(" ", "-")
    rng = np.random.default_rng(session.seed)
    claim: dict[str, object] = {"generator": generator.name}
    if generator.guarantee is not None:
        claim |= generator.guarantee.to_dict()
    player = session.join(name)
    for split in _SPLITS:
        training = player.table("anonymizer/training", split=split)
        fitted = generator.fit(training, codebook, rng=rng)
        synthetic = fitted.sample(len(training), rng=rng)
        utility = player.submit({"synthetic": synthetic, "claim": claim}, split=split)
        session.tell(f"  {name}: utility {utility['utility']:.2f} in {split}")
    attack = session.join(_ATTACKER).attack(name)
    attacker = _Attacker(
        attack=attack,
        codebook=codebook,
        secrets=rules["secrets"],
        synthetic=canonicalise(attack.table("data/synthetic", split="validation"), codebook),
        background=canonicalise(attack.table("data/background"), codebook),
    )
    membership = attacker.tell_members()
    attributes = attacker.guess_attributes()
    risk = max(membership["risk_low"], attributes["risk_low"])
    session.tell(
        f"  {_ATTACKER} attacks {name}: AUC {membership['auc']:.3f}, TPR at 1% FPR "
        f"{membership['tpr_at_fpr_0.01']:.3f}, risk at least {risk:.2f}"
    )


@attrs.frozen(kw_only=True)
class _Attacker:
    """Knows what every deanonymizer knows, and looks for the nearest neighbour."""

    attack: Attack
    codebook: Codebook
    secrets: list[str]
    synthetic: CanonicalTable
    background: CanonicalTable

    def tell_members(self) -> Mapping[str, float]:
        """Score targets by whether a synthetic record comes closer than a public one."""
        records = self.attack.table("deanonymizer/targets", split="validation")
        targets = canonicalise(records, self.codebook)
        scores = distance_ratio(targets, self.synthetic, self.background)
        return self.attack.submit(scores, kind="membership", split="validation")

    def guess_attributes(self) -> Mapping[str, float]:
        """Read secrets off the synthetic record that is nearest in everything else."""
        known = self.attack.table("attribute-targets", split="validation")
        guesses = guess_by_neighbours(
            canonicalise_known(known, self.codebook),
            self.synthetic,
            secrets=self.secrets,
            background=self.background,
        )
        return self.attack.submit(to_frame(guesses), kind="attributes", split="validation")
