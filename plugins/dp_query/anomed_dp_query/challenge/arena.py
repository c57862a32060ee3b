"""What the game is played on: the hidden tables by their names."""

from __future__ import annotations

from collections.abc import Mapping

import attrs

from anomed_core import CreationContext
from anomed_dp_query.challenge.config import DpQueryConfig
from anomed_dp_query.challenge.contest import Contest, open_contest
from anomed_dp_query.challenge.data import Dataset, open_datasets


@attrs.frozen(kw_only=True)
class Arena:
    """A challenge, ready to be played.

    Attributes
    ----------
    config
        What the organiser decided.
    datasets
        The hidden tables, by name.
    contest
        Who answers best for the privacy that it costs; ``None`` if nobody plays for that.
    """

    config: DpQueryConfig
    datasets: Mapping[str, Dataset]
    contest: Contest | None = None

    @property
    def played(self) -> Contest:
        """The contest, for what is declared with a contest only.

        Raises
        ------
        ValueError
            If there is none.
        """
        if self.contest is None:
            raise ValueError("this challenge has no contest")
        return self.contest


def open_arena(config: DpQueryConfig, context: CreationContext) -> Arena:
    """Load the tables, once for all workers.

    Raises
    ------
    ConfigError
        If a table or its metadata are missing or contradict each other.
    """
    datasets = open_datasets(config.datasets, context)
    contest = None if config.contest is None else open_contest(config.contest, datasets, context)
    return Arena(config=config, datasets=datasets, contest=contest)
