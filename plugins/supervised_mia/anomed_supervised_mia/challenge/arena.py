"""The arena: what the server keeps of a challenge, and the draws that decide who meets whom.

Members are training records; non-members are validation records, or separate ones. Half of each is
released to deanonymizers for training. The other half is divided once for the whole challenge into
a tuning pool and a validation pool, so that nothing learnt on tuning data, under whatever name,
tells about validation data. Each pair of anonymizer and deanonymizer gets its own draw within a
pool.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

import attrs
import numpy as np

from anomed_core import ConfigError, Lottery, Split
from anomed_supervised_mia.challenge.data import Parts
from anomed_supervised_mia.challenge.metrics import Evaluator

Arrays = Mapping[str, np.ndarray]
Freeze = Callable[[str, str, Callable[[], Arrays]], Arrays]
"""Takes a name, a key and a function that computes arrays; returns them read-only."""

MEMBERS, NON_MEMBERS = "members", "non-members"
_RELEASED = "released"


@attrs.frozen(kw_only=True)
class Arena:
    """Data, pools and evaluators of one challenge.

    Attributes
    ----------
    data
        Arrays by ``"training X"``, ``"training y"``, and so on; ``non_members`` only if separate.
    pools
        Row numbers by ``"members released"``, ``"members tuning"``, ``"members validation"``, and
        the same for ``non-members``.
    length
        Members, and also non-members, that an attack is evaluated on.
    evaluate_prediction, evaluate_memberships
        Take what came and the truth, return metrics by name.
    classifies
        Whether predictions of whole numbers and bools must be labels.
    rank_attacks_by
        Primary metric of attacks.
    least_utility
        Value of the first utility metric that an anonymizer must reach to be ranked.
    audit_hosts
        Hosts at which anonymizers may be asked for predictions.
    queries
        Records that each deanonymizer may ask each anonymizer's model about.
    lottery
        Draws the evaluation records of each pair.
    """

    data: Arrays = attrs.field(repr=False)
    pools: Arrays = attrs.field(repr=False)
    length: int
    evaluate_prediction: Evaluator
    evaluate_memberships: Evaluator
    classifies: bool = True
    rank_attacks_by: str
    least_utility: float | None = None
    audit_hosts: tuple[str, ...] = ()
    queries: int = 0
    lottery: Lottery

    def targets(self, split: Split) -> np.ndarray:
        """Return the targets that a prediction for a split is compared with."""
        return self.data[f"{split.value} y"]

    def expects_labels(self, split: Split) -> bool:
        """Return whether predictions for a split have to be labels."""
        kind = self.targets(split).dtype.kind
        return kind == "U" or (kind in "biu" and self.classifies)

    def records(self, part: str) -> dict[str, np.ndarray]:
        """Return features and targets of a part."""
        return {"X": self.data[f"{part} X"], "y": self.data[f"{part} y"]}

    def released_members(self) -> dict[str, np.ndarray]:
        """Return the members that deanonymizers may train on."""
        return self._rows("training", self.pools[f"{MEMBERS} {_RELEASED}"])

    def released_non_members(self) -> dict[str, np.ndarray]:
        """Return the non-members that deanonymizers may train on."""
        return self._rows(self.outsiders, self.pools[f"{NON_MEMBERS} {_RELEASED}"])

    @property
    def outsiders(self) -> str:
        """Name of the part whose records are the non-members."""
        return "non_members" if "non_members X" in self.data else "validation"

    def memberships(self, *, anonymizer: str, deanonymizer: str, split: Split) -> np.ndarray:
        """Return who is a member among the records that an attack is evaluated on.

        Returns
        -------
        ndarray of bool, shape (2 * length,)
            Half of it True.
        """
        truth = np.zeros(2 * self.length, dtype=bool)
        truth[self._places(anonymizer, deanonymizer, split)] = True
        return truth

    def evaluation_records(
        self, *, anonymizer: str, deanonymizer: str, split: Split
    ) -> tuple[dict[str, np.ndarray], np.ndarray]:
        """Return the records that an attack is evaluated on, and their memberships.

        Costs as many rows as are drawn, however large the data set is.

        Parameters
        ----------
        anonymizer, deanonymizer
            Identifiers of both sides; each pair gets its own draw.
        split
            Which pool to draw from.

        Returns
        -------
        (records, memberships)
            Arrays X and y of ``2 * length`` records in random order, and bool of shape
            (2 * length,).
        """
        ids = (split.value, anonymizer, deanonymizer)
        truth = self.memberships(anonymizer=anonymizer, deanonymizer=deanonymizer, split=split)
        sides = (
            ("training", self._drawn(MEMBERS, ids), np.flatnonzero(truth)),
            (self.outsiders, self._drawn(NON_MEMBERS, ids), np.flatnonzero(~truth)),
        )
        records = {}
        for label in ("X", "y"):
            inside, outside = (self.data[f"{part} {label}"] for part, _, _ in sides)
            mixed = np.empty(
                (2 * self.length, *inside.shape[1:]), dtype=np.result_type(inside, outside)
            )
            for part, rows, places in sides:
                mixed[places] = self.data[f"{part} {label}"][rows]
            records[label] = mixed
        return records, truth

    def _places(self, anonymizer: str, deanonymizer: str, split: Split) -> np.ndarray:
        return self.lottery.sample(
            2 * self.length, self.length, "places of members", split.value, anonymizer, deanonymizer
        )

    def _drawn(self, side: str, ids: tuple[str, str, str]) -> np.ndarray:
        """Draw records of one side from as many as the other side has.

        From a smaller pool each record would be drawn for more pairs, and whoever counts in how
        many draws a record is would know its side.
        """
        n_pool = min(len(self.pools[f"{each} {ids[0]}"]) for each in (MEMBERS, NON_MEMBERS))
        pool = self.pools[f"{side} {ids[0]}"]
        return pool[self.lottery.sample(n_pool, self.length, f"evaluation {side}", *ids)]

    def _rows(self, part: str, rows: np.ndarray) -> dict[str, np.ndarray]:
        return {label: array[rows] for label, array in self.records(part).items()}


def open_arena(
    parts: Parts,
    *,
    length: int,
    evaluate_prediction: Evaluator,
    evaluate_memberships: Evaluator,
    rank_attacks_by: str = "auc",
    audit_hosts: tuple[str, ...] = (),
    lottery: Lottery,
    freeze: Freeze,
) -> Arena:
    """Load the data and draw the pools.

    Parameters
    ----------
    parts
        Where the data come from.
    length, evaluate_prediction, evaluate_memberships, rank_attacks_by, audit_hosts, lottery
        See `Arena`.
    freeze
        Keeps arrays for all processes.

    Returns
    -------
    Arena

    Raises
    ------
    ConfigError
        If the data do not fit, or are too few for evaluations of this length.
    """
    data = freeze("data", parts.key, parts.flat)
    outsiders = "non_members" if "non_members X" in data else "validation"
    sizes = {
        MEMBERS: ("training", len(data["training X"])),
        NON_MEMBERS: (outsiders, len(data[f"{outsiders} X"])),
    }
    _check_length(*min(sizes.values(), key=lambda side: side[1]), length)

    def draw() -> dict[str, np.ndarray]:
        pools: dict[str, np.ndarray] = {}
        for side, (_, n_records) in sizes.items():
            names = (_RELEASED, Split.TUNING.value, Split.VALIDATION.value)
            drawn = lottery.partition(n_records, _pool_sizes(n_records), f"pools of {side}")
            pools |= {f"{side} {name}": rows for name, rows in zip(names, drawn, strict=True)}
        return pools

    return Arena(
        data=data,
        pools=freeze("pools", f"{sizes}", draw),
        length=length,
        evaluate_prediction=evaluate_prediction,
        evaluate_memberships=evaluate_memberships,
        rank_attacks_by=rank_attacks_by,
        audit_hosts=audit_hosts,
        lottery=lottery,
    )


def _pool_sizes(n_records: int) -> tuple[int, int, int]:
    """Return how many records are released, in the tuning pool and in the validation pool."""
    released = n_records // 2
    tuning = (n_records - released) // 2
    return released, tuning, n_records - released - tuning


def _check_length(part: str, n_records: int, length: int) -> None:
    largest = _pool_sizes(n_records)[1]
    if length > largest:
        raise ConfigError(
            "mia_evaluation_dataset_length",
            f"{length} is too large: {n_records} {part.replace('_', '-')} records leave pools of "
            f"{largest}; lower it to at most {largest} or give more {part.replace('_', '-')} "
            "records",
        )
