"""What other synthetic tables of the same training records give away.

All anonymizers of a round are given the same records. Whoever publishes them openly tells everybody
who is a member, whichever table is attacked: that is no risk of a table that does not tell.
"""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from anomed_core import Submission, Target
from anomed_dataset_synthesis.attacks.attribute import guess_by_neighbour
from anomed_dataset_synthesis.attacks.linkage import link_by_reference
from anomed_dataset_synthesis.attacks.membership import density_ratio, distance_ratio, exact_match
from anomed_dataset_synthesis.challenge.arena import Arena
from anomed_dataset_synthesis.rounds import Round
from anomed_dataset_synthesis.table.canonical import CanonicalTable
from anomed_dataset_synthesis.threat.guesses import attribute_hits, link_hits
from anomed_dataset_synthesis.threat.membership import Scores

Hits = npt.NDArray[np.bool_]


def tables_of_rivals(arena: Arena, target: Target) -> list[CanonicalTable]:
    """Return what attackers could read besides the attacked table."""
    return [arena.synthetic(rival) for rival in target.rivals]


def membership_by_rivals(arena: Arena, submission: Submission, target: Target) -> list[Scores]:
    """Score the targets by each other table, and by all of them together."""
    round_ = arena.rounds[submission.split]
    rivals = tables_of_rivals(arena, target)
    if not rivals:
        return []
    order = min(2, arena.codebook.n_columns)
    asked, public = round_.membership.table, round_.real.background
    by_attack = [
        [exact_match(asked, rival, public) for rival in rivals],
        [distance_ratio(asked, rival, public) for rival in rivals],
        [density_ratio(asked, rival, public, order=order) for rival in rivals],
    ]
    together = [np.mean(scores, axis=0) for scores in by_attack]
    return [*(score for scores in by_attack for score in scores), *together]


def attributes_by_rivals(
    round_: Round, rivals: Sequence[CanonicalTable], secret: str
) -> list[Hits]:
    """Return which guesses of a secret are right by each other table, and by their majority."""
    if not rivals:
        return []
    asked, public = round_.attributes.table, round_.real.background
    guesses = [
        guess_by_neighbour(asked, rival, secret=secret, background=public) for rival in rivals
    ]
    guesses.append(_most_frequent(np.array(guesses)))
    truth, column = asked.column(secret), asked.codebook.column(secret)
    return [attribute_hits(guess, truth, column=column) for guess in guesses]


def links_by_rivals(round_: Round, rivals: Sequence[CanonicalTable]) -> list[Hits]:
    """Return which links are right by each other table."""
    halves = round_.halves
    return [
        link_hits(
            link_by_reference(
                halves.left,
                halves.right,
                left_columns=halves.left_columns,
                reference=rival,
                background=round_.real.background,
            ),
            halves.partners,
            right_keys=halves.right_keys,
        )
        for rival in rivals
    ]


def _most_frequent(guesses: npt.NDArray[np.int32]) -> npt.NDArray[np.int32]:
    """Return the most frequent guess about each target, of equals the first rival's."""
    votes = (guesses[:, np.newaxis] == guesses).sum(axis=1)
    chosen: npt.NDArray[np.int32] = guesses[votes.argmax(axis=0), np.arange(guesses.shape[1])]
    return chosen
