"""The demo: analysts tune, ask within their budget, seal, and are scored; an attacker reads along.

Questions have two conditions on columns that are announced, and nobody knows which ones come up: so
one analyst asks for the counts of each column and multiplies shares, and the other for those of
each pair of columns.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import ROUND_FLOOR, Decimal
from functools import partial
from itertools import combinations
from math import prod
from typing import TYPE_CHECKING, Any

import attrs
import numpy as np
import numpy.typing as npt

from anomed_dp_query.attacks import Release, membership_scores
from anomed_dp_query.challenge.data import typed
from anomed_dp_query.libraries.counts import Counts
from anomed_dp_query.metadata import TableMetadata, read_csvw

if TYPE_CHECKING:
    import pandas as pd
    from anomed_client import Challenge

    from anomed_core import DemoSession

Floats = npt.NDArray[np.float64]
Questions = Sequence[Mapping[str, Any]]

_STEP = Decimal("1e-6")
_STRATEGIES = {"columns": 1, "pairs": 2}
"""How many columns each analyst asks for at once."""


@attrs.frozen(kw_only=True, eq=False)
class Marginals:
    """Noisy counts of columns, or of pairs of them.

    Attributes
    ----------
    counts
        By columns, an array with an axis for each.
    levels
        Values of each column, in the order of its axis.
    """

    counts: Mapping[tuple[str, ...], Floats]
    levels: Mapping[str, Sequence[Any]]

    def estimate(self, where: Mapping[str, Any]) -> float:
        """Estimate how many rows fulfil conditions: looked up, or as a product of shares."""
        asked = tuple(name for name in self.levels if name in where)
        if asked in self.counts:
            return max(0.0, self._cell(asked, where))
        single = [max(0.0, self._cell((name,), where)) for name in asked]
        total = float(np.mean([self.counts[(name,)].sum() for name in asked]))
        return total * prod(count / total for count in single)

    def _cell(self, names: tuple[str, ...], where: Mapping[str, Any]) -> float:
        place = tuple(self.levels[name].index(where[name]) for name in names)
        return float(self.counts[names][place])


def ask_marginals(
    analyst: Challenge, dataset: str, columns: Sequence[str], *, size: int, epsilon: Decimal
) -> Marginals:
    """Ask for the counts of all sets of columns of a size, with an even share of epsilon each."""
    sets = list(combinations(columns, size))
    share = (epsilon / len(sets)).quantize(_STEP, rounding=ROUND_FLOOR)
    counts: dict[tuple[str, ...], Floats] = {}
    levels: dict[str, Sequence[Any]] = dict.fromkeys(columns, ())
    for names in sets:
        result = analyst.query(dataset, by=list(names), epsilon=share)["result"]
        levels |= dict(zip(names, result["levels"], strict=True))
        shape = [len(levels[name]) for name in names]
        counts[names] = np.array(result["counts"], dtype=np.float64).reshape(shape)
    return Marginals(counts=counts, levels=levels)


def play(session: DemoSession) -> None:
    """Tune, ask, seal, estimate, attack.

    Parameters
    ----------
    session
        Where the server is.
    """
    rules = session.join().document("data/contest")
    (tier,) = rules["tiers"]
    session.tell(
        f"Analysts may spend epsilon {tier['epsilon']} on {tier['dataset']}; who asks no more is "
        "told the questions."
    )
    for name, size in _STRATEGIES.items():
        compete(session, name, size=size, rules=rules)
        attack(session, name, rules=rules)


def compete(session: DemoSession, name: str, *, size: int, rules: Mapping[str, Any]) -> None:
    """Play one analyst: practise, ask, seal, and estimate."""
    (tier,) = rules["tiers"]
    analyst = session.join(name)

    def estimates(dataset: str, read: Any) -> list[float]:
        known = ask_marginals(
            analyst, dataset, rules["columns"], size=size, epsilon=Decimal(tier["epsilon"])
        )
        return [known.estimate(one["where"]) for one in read()]

    tuned = analyst.submit(
        estimates(rules["practice"]["dataset"], lambda: analyst.document("data/practice-workload")),
        split="tuning",
    )

    def sealed() -> Questions:
        analyst.seal(rules["account"])
        questions: Questions = analyst.document("anonymizer/workload")
        return questions

    told = analyst.submit(estimates(tier["dataset"], sealed), split="validation")
    session.tell(
        f"  {name}: error {tuned['auec']:.3f} in practice, {told['auec']:.3f} in the final for "
        f"epsilon {told['epsilon_spent']:g}"
    )


def attack(session: DemoSession, target: str, *, rules: Mapping[str, Any]) -> None:
    """Play the attacker: tell members by what an analyst was answered."""
    attacker = session.join("reader").attack(target)
    documents = attacker.document("data/metadata")
    (tier,) = rules["tiers"]
    table = read_csvw(documents[tier["dataset"]]["csvw"])
    asked = attacker.document("deanonymizer/transcript", split="validation")
    people = attacker.table("deanonymizer/targets", split="validation")
    background = attacker.table("data/practice")
    scores = membership_scores(
        releases_of(asked, table), typed(people, table), typed(background, table)
    )
    told = attacker.submit(scores, kind="membership", split="validation")
    session.tell(
        f"  reader attacks {target}: AUC {told['auc']:.3f}; no attack can exceed "
        f"{told['auc_ceiling']:.3f}"
    )


def releases_of(transcript: Sequence[Mapping[str, Any]], table: TableMetadata) -> list[Release]:
    """Read the counts in a transcript, under the unit that a challenge has by default."""
    library, releases = Counts(), []
    for one in transcript:
        question = library.read(one["request"]["query"], table)
        releases.append(
            Release(
                counts=np.array(one["answer"]["result"]["counts"], dtype=np.float64),
                variance=2 * (table.max_contributions / float(question.epsilon or 1)) ** 2,
                cells_of=partial(_cells, question, table),
            )
        )
    return releases


def _cells(question: Any, table: TableMetadata, frame: pd.DataFrame) -> npt.NDArray[np.int64]:
    return Counts().cells(question, frame, table)
