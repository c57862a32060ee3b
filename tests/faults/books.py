"""Look into what a server remembers, behind its back."""

from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import attrs
from click.testing import CliRunner

from anomed_core.cli import anomed
from anomed_core.ledger import DELIVER, Database, FollowUpBook, Ledger
from anomed_core.model import Score, Split
from anomed_core.state.payloads import PayloadStore


@attrs.frozen(kw_only=True)
class Books:
    """Ledger, follow-ups and kept bodies of a state directory."""

    ledger: Ledger
    follow_ups: FollowUpBook
    payloads: PayloadStore

    def finals(self) -> dict[str, Score]:
        """Return the finals by anonymizer, and prove that nobody has two."""
        scores = self.ledger.scores(kind="anonymizer", split=Split.VALIDATION)
        counted = Counter(score.subject.anonymizer for score in scores)
        assert [name for name, n in counted.items() if n > 1] == []
        return {score.subject.anonymizer: score for score in scores}

    def prove(self, acknowledged: Mapping[str, tuple[int, float]]) -> None:
        """Prove that nothing which participants were told is missing or different.

        Parameters
        ----------
        acknowledged
            By anonymizer, number and mean of the final that the server answered with 201.
        """
        assert self.ledger.verify() == []
        finals = self.finals()
        recorded = {name: (score.id, score.metrics["mean"]) for name, score in finals.items()}
        assert {name: recorded.get(name) for name in acknowledged} == dict(acknowledged)
        delivered = {fact.score_id for fact in self.follow_ups.facts(DELIVER)}
        assert delivered == {score.id for score in self.ledger.scores()}
        for score in finals.values():
            assert self.payloads.read(score.payload_digest)


@contextmanager
def books_of(folder: Path, ledger_options: list[str]) -> Iterator[Books]:
    """Open the books of the server that ran in `folder` with these options."""
    state = folder / "state"
    url = ledger_options[1] if ledger_options else f"sqlite:///{state / 'ledger.sqlite'}"
    database = Database(url)
    try:
        yield Books(
            ledger=Ledger(database),
            follow_ups=FollowUpBook(database),
            payloads=PayloadStore(state / "payloads"),
        )
    finally:
        database.close()


def verify_by_command(folder: Path, ledger_options: list[str]) -> str:
    """Return what `anomed ledger verify` prints about an unbroken chain."""
    options = ledger_options or ["--state", str(folder / "state")]
    done = CliRunner().invoke(anomed, ["ledger", "verify", *options], standalone_mode=False)
    assert (done.exit_code, done.return_value or 0) == (0, 0), (done.output, done.exception)
    return done.output.strip()
