"""Draw what is tested: triggered and clean records that nothing but the trigger tells apart."""

from __future__ import annotations

import attrs
import numpy as np
import numpy.typing as npt

from anomed_anomaly_detection.dealing.decoys import Decoy

Records = npt.NDArray[np.float32]
Labels = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]


class TooFewRecordsError(ValueError):
    """There are fewer records than a test needs.

    Parameters
    ----------
    n_each
        Clean, and also anomalous, records that were asked for.
    n_possible
        As many as there could be.
    why
        What is lacking.
    """

    def __init__(self, n_each: int, n_possible: int, why: str) -> None:
        super().__init__(why)
        self.n_each, self.n_possible = n_each, n_possible


@attrs.frozen(kw_only=True, eq=False)
class Triggered:
    """A pool with the trigger in all of its records, and what the model says to both.

    Attributes
    ----------
    X, y
        Clean records of shape (n, d), and their labels.
    X_triggered
        The same records with the trigger.
    predicted, predicted_triggered
        What the model says, each of shape (n,).
    becomes
        What the trigger ought to make of the labels.
    """

    X: Records
    y: Labels
    X_triggered: Records
    predicted: Labels
    predicted_triggered: Labels
    becomes: Labels

    @property
    def others(self) -> Flags:
        """Records that the trigger would give another label."""
        return np.asarray(self.becomes != self.y)

    @property
    def works(self) -> Flags:
        """Records that are right without the trigger, and what it says with it."""
        is_right = self.others & (self.predicted == self.y)
        return np.asarray(is_right & (self.predicted_triggered == self.becomes))

    @property
    def success(self) -> float:
        """Share of the records of other classes on which the trigger works; 0 if there is none."""
        n_others = int(self.others.sum())
        return float(self.works.sum() / n_others) if n_others else 0.0

    @property
    def accuracy(self) -> float:
        """Share of the clean records that are right."""
        return float(np.mean(self.predicted == self.y))


@attrs.frozen(kw_only=True, eq=False)
class Drawn:
    """What is handed out, and what is not.

    Attributes
    ----------
    X
        float32, shape (n, d), in drawn order.
    flags
        bool, shape (n,): which are anomalous.
    rows
        int64, shape (n,): which record of the pool each was; each of them once.
    decoys
        bool, shape (n,): which clean ones carry a decoy.
    """

    X: Records
    flags: Flags
    rows: npt.NDArray[np.int64]
    decoys: Flags


def draw_test(
    pool: Triggered,
    *,
    n_each: int,
    decoy: Decoy | None,
    decoys: float,
    match_outputs: bool,
    rng: np.random.Generator,
    fill: bool = False,
) -> Drawn:
    """Draw clean and anomalous records of a pool in equal numbers.

    Both are records on which the trigger works, so that neither its failures nor the hardness of a
    record is a clue, and no record is drawn twice.

    Parameters
    ----------
    pool
        Where they come from.
    n_each
        Clean, and also anomalous, records.
    decoy, decoys
        Changes this share of the clean ones.
    match_outputs
        Whether clean records are drawn to be predicted as the anomalous ones are, so that a look at
        the prediction tells nothing.
    rng
        Draws rows, decoys and order.
    fill
        Whether records on which the trigger does not work make up what is lacking.

    Returns
    -------
    Drawn
        Of ``2 * n_each`` records.

    Raises
    ------
    TooFewRecordsError
        If there are not enough.
    """
    order = rng.permutation(len(pool.X))
    working = order[pool.works[order]]
    if match_outputs:
        anomalous, clean = _matched(pool, order, working, n_each)
    else:
        chosen = working[: 2 * n_each]
        if fill and len(chosen) < 2 * n_each:
            rest = order[~np.isin(order, chosen)]
            chosen = rng.permutation(np.concatenate([chosen, rest])[: 2 * n_each])
        if len(chosen) < 2 * n_each:
            raise TooFewRecordsError(
                n_each,
                len(working) // 2,
                f"the trigger works on {len(working)} records of the pool, and {2 * n_each} are "
                "needed",
            )
        anomalous, clean = chosen[:n_each], chosen[n_each:]
    return _in_drawn_order(pool, anomalous, clean, decoy=decoy, decoys=decoys, rng=rng)


def _matched(
    pool: Triggered,
    order: npt.NDArray[np.int64],
    working: npt.NDArray[np.int64],
    n_each: int,
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """Draw pairs of records that are predicted alike, one of them with the trigger.

    Classes take turns, so that one with few records does not decide how many there are.
    """
    right = order[(pool.predicted == pool.y)[order]]
    right = right[np.argsort(~pool.works[right], kind="stable")]  # as hard as the anomalous ones
    classes = np.unique(pool.becomes[working]).tolist()
    with_trigger = {label: working[pool.becomes[working] == label].tolist() for label in classes}
    without = {label: right[pool.y[right] == label].tolist() for label in classes}
    taken: set[int] = set()
    pairs: list[tuple[int, int]] = []
    while classes and len(pairs) < n_each:
        for label in list(classes):
            anomalous = next((row for row in with_trigger[label] if row not in taken), None)
            clean = next((row for row in without[label] if row not in taken | {anomalous}), None)
            if anomalous is None or clean is None:
                classes.remove(label)
            elif len(pairs) < n_each:
                taken |= {anomalous, clean}
                pairs.append((anomalous, clean))
    if len(pairs) < n_each:
        raise TooFewRecordsError(
            n_each,
            len(pairs),
            f"{len(pairs)} clean records of the pool are predicted as anomalous ones are, and "
            f"{n_each} are needed",
        )
    chosen = np.array(pairs, dtype=np.int64)
    return chosen[:, 0], chosen[:, 1]


def _in_drawn_order(
    pool: Triggered,
    anomalous: npt.NDArray[np.int64],
    clean: npt.NDArray[np.int64],
    *,
    decoy: Decoy | None,
    decoys: float,
    rng: np.random.Generator,
) -> Drawn:
    n_decoys = round(decoys * len(clean)) if decoy is not None else 0
    clean = rng.permutation(clean)
    with_decoy = pool.X[clean[:n_decoys]]
    if decoy is not None and n_decoys:
        with_decoy = decoy(with_decoy, rng)
    X = np.concatenate([pool.X_triggered[anomalous], with_decoy, pool.X[clean[n_decoys:]]])
    n = len(X)
    order = rng.permutation(n)
    place = np.arange(n)
    return Drawn(
        X=X[order],
        flags=(place < len(anomalous))[order],
        rows=np.concatenate([anomalous, clean])[order],
        decoys=((place >= len(anomalous)) & (place < len(anomalous) + n_decoys))[order],
    )


def draw_mix(
    pool: Triggered,
    *,
    contamination: float,
    decoy: Decoy | None,
    decoys: float,
    rng: np.random.Generator,
) -> Drawn:
    """Draw the untrusted mix: all records of a pool, a few of them with the trigger.

    Parameters
    ----------
    pool
        Where they come from.
    contamination
        Share of the records that are anomalous, in [0, 1); those on which the trigger works come
        first, then others that it would give another label.
    decoy, decoys
        Changes this share of the clean ones.
    rng
        Draws rows, decoys and order.

    Returns
    -------
    Drawn
        Of as many records as the pool has.
    """
    order = rng.permutation(len(pool.X))
    first = order[np.argsort(-pool.works[order].astype(int) - pool.others[order], kind="stable")]
    n_anomalous = round(contamination * len(order))
    return _in_drawn_order(
        pool, first[:n_anomalous], first[n_anomalous:], decoy=decoy, decoys=decoys, rng=rng
    )
