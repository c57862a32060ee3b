"""Train on synthetic, test on real: how good a model can be had from the submission."""

import attrs
import numpy as np
import numpy.typing as npt
from sklearn.metrics import roc_auc_score

from anomed_dataset_synthesis.table.canonical import CanonicalTable, RealTables, same_codebook
from anomed_dataset_synthesis.table.codebook import MISSING, CategoryColumn, Codebook
from anomed_dataset_synthesis.table.encoding import Binning, is_category, tree_features
from anomed_dataset_synthesis.utility._trees import boosted_trees, decide

_SMALLEST_SCALE = 0.02


@attrs.frozen(kw_only=True)
class Task:
    """Ask a yes-or-no question about one column, to be answered from the others.

    Attributes
    ----------
    column
        The column asked about.
    level
        The question: is the category this one, or is the number above this level?
    """

    column: str
    level: int

    def answers(self, table: CanonicalTable) -> npt.NDArray[np.bool_]:
        """Return each record's answer; a missing value answers no. Shape (n_records,)."""
        levels = table.column(self.column)
        if isinstance(table.codebook.column(self.column), CategoryColumn):
            return np.equal(levels, self.level)
        return np.greater(levels, self.level)

    def describe(self, codebook: Codebook) -> str:
        """Say the question, e.g. ``"hours > 40"``."""
        column = codebook.column(self.column)
        if isinstance(column, CategoryColumn):
            return f"{self.column} = {column.categories[self.level]}"
        return f"{self.column} > {column.in_words(self.level)}"


def tasks_of(background: CanonicalTable, *, rarest: float = 0.05) -> tuple[Task, ...]:
    """List the questions one can ask, one per column, to draw hidden tasks from.

    A numeric column's question is "above the background's median?", a category's "the most
    frequent one?". A column whose answer is too lopsided has none.

    Parameters
    ----------
    background
        Public records.
    rarest
        The smallest share of the background, in 0...5, that either answer may have.

    Returns
    -------
    tuple of Task
        In the order of the columns; possibly empty.
    """
    codebook = same_codebook(background)
    tasks = []
    for position, column in enumerate(codebook.columns):
        levels = background.levels[:, position]
        levels = levels[levels != MISSING]
        if len(levels) == 0:
            continue
        if isinstance(column, CategoryColumn):
            level = int(np.bincount(levels).argmax())
        else:
            level = int(np.median(levels))
        task = Task(column=column.name, level=level)
        share = task.answers(background).mean()
        if rarest <= share <= 1 - rarest:
            tasks.append(task)
    return tuple(tasks)


@attrs.frozen(kw_only=True)
class Transfer:
    """How well a model trained on synthetic records answers a task on real ones.

    Attributes
    ----------
    task
        The question.
    auc
        Area under the ROC curve on the non-members, trained on the synthetic table; .5 at chance.
    real_auc
        The same, trained on the training table.
    """

    task: Task
    auc: float
    real_auc: float

    @property
    def ratio(self) -> float:
        """Give (auc - .5) / (real_auc - .5): 0 at chance, 1 as good as real training data.

        Raises
        ------
        ValueError
            If the real model is hardly better than chance: there is no scale then.
        """
        if self.real_auc - 0.5 < _SMALLEST_SCALE:
            raise ValueError(
                f"a model of the real table answers the task on {self.task.column!r} with an AUC "
                f"of {self.real_auc:.3f}, hardly better than chance; choose another task"
            )
        return (self.auc - 0.5) / (self.real_auc - 0.5)


def transfer(
    synthetic: CanonicalTable,
    real: RealTables,
    *,
    task: Task,
    binning: Binning,
    rng: np.random.Generator,
    max_records: int = 50_000,
    real_auc: float | None = None,
) -> Transfer:
    """Train boosted trees on the synthetic and on the training table, test both on the non-members.

    Parameters
    ----------
    synthetic
        The submission.
    real
        Whose training table it is compared with, and on whose table of non-members both are tested.
    task
        The question; hidden from participants.
    binning
        Learnt from the public background; its categories are the trees' categories.
    rng
        Draws records and seeds.
    max_records
        Of a longer table so many records are used, to bound the time.
    real_auc
        The AUC of a model trained on the training table, if it is known: with it all submissions
        are measured by one yardstick, in half the time.

    Returns
    -------
    Transfer
        The two AUCs. A synthetic table that knows one answer only teaches nothing: AUC .5.

    Raises
    ------
    ValueError
        If the tables follow different codebooks, or a real table knows one answer only.

    References
    ----------
    C. Esteban, S. Hyland, G. Rätsch, "Real-valued (medical) time series generation with recurrent
    conditional GANs", 2017, arXiv:1706.02633.
    """
    same_codebook(synthetic, real.training)
    for table in (real.training, real.non_members):
        n_yes = int(task.answers(table).sum())
        if min(n_yes, len(table) - n_yes) < 2:
            raise ValueError(
                f"{n_yes} of {len(table)} real records answer yes to the task on {task.column!r}; "
                "choose a task that both answers occur in"
            )

    def trained_on(table: CanonicalTable) -> float:
        return task_auc(
            table, real.non_members, task=task, binning=binning, rng=rng, max_records=max_records
        )

    auc = trained_on(synthetic)
    return Transfer(
        task=task, auc=auc, real_auc=trained_on(real.training) if real_auc is None else real_auc
    )


def task_auc(
    learnt: CanonicalTable,
    tested: CanonicalTable,
    *,
    task: Task,
    binning: Binning,
    rng: np.random.Generator,
    max_records: int = 50_000,
) -> float:
    """Train boosted trees on one table and test them on another, which knows both answers.

    Parameters as in `transfer`.

    Returns
    -------
    float
        Area under the ROC curve; .5 at chance, and where the first table knows one answer only.
    """
    learnt = learnt.sample(max_records, rng=rng)
    answers = task.answers(learnt)
    if min(int(answers.sum()), int((~answers).sum())) < 2:
        return 0.5
    others = np.arange(learnt.codebook.n_columns) != learnt.codebook.position(task.column)
    trees = boosted_trees(
        tree_features(learnt, binning)[:, others],
        answers,
        is_category=is_category(learnt.codebook)[others],
        rng=rng,
    )
    decisions = decide(trees, tree_features(tested, binning)[:, others])
    return float(roc_auc_score(task.answers(tested), decisions))
