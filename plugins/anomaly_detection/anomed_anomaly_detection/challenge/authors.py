"""What authors hand in: the network behind it, what it does, and what detectors get of it."""

from __future__ import annotations

import hashlib

import attrs
import numpy as np

from anomed_anomaly_detection.challenge.arena import Arena
from anomed_anomaly_detection.challenge.metrics import Built
from anomed_anomaly_detection.challenge.recipe import POISON, trigger_of
from anomed_anomaly_detection.dealing import Drawn, Triggered, draw_mix, draw_test, on_grid
from anomed_anomaly_detection.interface import Batch
from anomed_anomaly_detection.network import MLP
from anomed_anomaly_detection.tasks import Aim
from anomed_anomaly_detection.tasks.dealt import Planted, decoy_for
from anomed_anomaly_detection.triggers import Formula
from anomed_core import DataRequest, Split, Submission, decode_npz, encode_npz


@attrs.frozen(kw_only=True, eq=False)
class Authored:
    """A network with its trigger.

    Attributes
    ----------
    model, trigger, aim
        As handed in, or trained on what was.
    arena
        Whose records it is tried on.
    """

    model: MLP
    trigger: Formula
    aim: Aim
    arena: Arena = attrs.field(repr=False)

    def triggered(self, pool: str, *, of: MLP | None = None) -> Triggered:
        """Put the trigger into a pool and ask the network, or another one."""
        planted = Planted(
            model=of or self.model,
            trigger=self.trigger,
            aim=self.aim,
            pools=self.arena.labelled,
            rng=self.arena.lottery.generator("noise of authors' triggers", pool),
        )
        batch: Batch = getattr(self.arena.labelled, pool)
        return planted(batch)

    def measured(self, split: Split) -> Built:
        """Measure what it does on the pool of a split."""
        own = self.triggered(split.value)
        clean = self.triggered(split.value, of=self.arena.clean_model)
        change = np.abs(own.X_triggered.astype(np.float64) - own.X)
        harmless = float(np.mean(clean.predicted == clean.predicted_triggered))
        floors = self.arena.config.floors
        least = floors.success_cycle if self.aim.behavior == "cycle" else floors.success
        return Built(
            success=own.success if harmless >= floors.harmless else 0.0,
            accuracy=own.accuracy,
            harmless=harmless,
            change_linf=float(change.max(axis=1).mean()),
            change_l2=float(np.sqrt((change**2).sum(axis=1)).mean()),
            is_effective=bool(
                own.success >= least
                and own.accuracy >= clean.accuracy - floors.accuracy_loss
                and harmless >= floors.harmless
            ),
        )

    def suspects(self, split: Split, rng: np.random.Generator) -> Drawn:
        """Draw test inputs, half of which carry the trigger, in random order."""
        pool, config = self.triggered(split.value), self.arena.config
        return draw_test(
            pool,
            n_each=config.n_each,
            decoy=decoy_for(self.trigger, self.arena.labelled, rng),
            decoys=config.decoys,
            match_outputs=False,
            fill=True,
            rng=rng,
        )

    def mix(self, rng: np.random.Generator) -> Drawn:
        """Draw the untrusted mix of this author."""
        pool, config = self.triggered("untrusted"), self.arena.config
        return draw_mix(
            pool,
            contamination=config.contamination,
            decoy=decoy_for(self.trigger, self.arena.labelled, rng),
            decoys=config.decoys,
            rng=rng,
        )


def authored(arena: Arena, submission: Submission) -> Authored:
    """Return the network and the trigger of what was handed in; poisoned rows are trained on."""
    payload = submission.payload
    if submission.kind == POISON:
        model = trained_on(arena, payload["X"], payload["y"])
    else:
        model = arena.recipe.model_of(payload)
    trigger, aim = trigger_of(payload)
    return Authored(model=model, trigger=trigger, aim=aim, arena=arena)


def trained_on(
    arena: Arena, X: np.ndarray, y: np.ndarray, *, whose: str = "networks of authors"
) -> MLP:
    """Train a network on the clean records and these, once for all who ask.

    What it begins with is one draw for the whole challenge, so handing the same rows in again, in
    whatever form, is no second throw of the dice.

    Parameters
    ----------
    arena
        Knows clean records and recipe, and keeps what was trained.
    X, y
        Shapes (k, d) and (k,).
    whose
        What the first weights are drawn for.

    Returns
    -------
    MLP
    """
    rows, labels = on_grid(X), np.asarray(y, dtype=np.int64)
    order = np.lexsort((labels, *rows.T[::-1]))
    rows, labels = rows[order], labels[order]
    digest = hashlib.sha256(rows.tobytes() + labels.tobytes()).hexdigest()
    key = f"{whose} trained on {digest}"
    kept = arena.kept(key)
    if kept is None:
        together = np.concatenate([arena.pools.X("training"), rows])
        targets = np.concatenate([arena.pools.y("training"), labels])
        rng = arena.lottery.generator(whose)
        kept = encode_npz(arena.recipe.trained(together, targets, rng).to_arrays())
        arena.keep(key, kept)
    return MLP.from_arrays(dict(decode_npz(kept, list(arena.recipe.shapes))))


def suspects_of(arena: Arena, request: DataRequest) -> Drawn:
    """Return what a pair's detector is tested on.

    Raises
    ------
    ValueError
        If the request has no target, or does not name the pair.
    """
    target, split = request.target, request.split
    if target is None or target.submission is None or split is None or not request.deanonymizer:
        raise ValueError("suspects are those of an author, a detector and a split")
    return pair_suspects(
        arena, authored(arena, target.submission), target.anonymizer, request.deanonymizer, split
    )


def pair_suspects(
    arena: Arena, author: Authored, anonymizer: str, deanonymizer: str, split: Split
) -> Drawn:
    """Draw what this pair of an author and a detector is tested on."""
    ids = (split.value, anonymizer, deanonymizer)
    return author.suspects(split, arena.lottery.generator("suspects of a pair", *ids))


def author_mix(arena: Arena, author: Authored, anonymizer: str, split: Split) -> Drawn:
    """Draw the untrusted mix that all detectors of an author get."""
    rng = arena.lottery.generator("untrusted mix of an author", split.value, anonymizer)
    return author.mix(rng)
