"""What an anonymized table loses and protects, in numbers, in lines, and on a page."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import attrs

if TYPE_CHECKING:
    import pandas as pd

    from anomed_dataset_anonymization.schemes import PublishedTable


@attrs.frozen(kw_only=True)
class Summary:
    """What an anonymized table loses and protects.

    Attributes
    ----------
    people, published
        How many there are, and how many of them are published.
    k, classes
        People in the smallest class, and how many classes there are.
    average_risk
        Of being named by one's class.
    key, given_away
        The column whose value alone gives most people away, and the share of these.
    global_certainty_penalty, k_marginal_score
        What is lost.
    """

    people: int
    published: int
    k: int
    classes: int
    average_risk: float
    key: str
    given_away: float
    global_certainty_penalty: float
    k_marginal_score: float

    def lines(self) -> list[str]:
        """Return the summary for people to read."""
        return [
            f"people published: {self.published} of {self.people}",
            f"k: {self.k} ({self.classes} classes)",
            f"average risk of being named by class: {self.average_risk:.4f}",
            f"given away by the value of {self.key} alone: {self.given_away:.1%}",
            f"global certainty penalty: {self.global_certainty_penalty:.4f}",
            f"k-marginal score: {self.k_marginal_score:.1f} of 1000",
        ]


def summarize(people: pd.DataFrame, table: PublishedTable) -> Summary:
    """Compute what a published table loses and protects.

    Parameters
    ----------
    people
        Before.
    table
        After, in canonical form.
    """
    from anomed_dataset_anonymization.privacy import (
        k_anonymity,
        prosecutor_risk,
        published_classes,
    )
    from anomed_dataset_anonymization.schema import encode
    from anomed_dataset_anonymization.threat import key_shares
    from anomed_dataset_anonymization.utility import (
        boxes_of_people,
        boxes_of_published,
        gcp,
        k_marginal_score,
    )

    boxes = boxes_of_published(table)
    classes = published_classes(table)
    shares = key_shares(table, encode(people, table.schema))
    key, given_away = max(shares.items(), key=lambda item: item[1])
    return Summary(
        people=len(people),
        published=table.n_rows,
        k=k_anonymity(classes),
        classes=classes.n_classes,
        average_risk=prosecutor_risk(classes).average,
        key=key,
        given_away=float(given_away),
        global_certainty_penalty=gcp(boxes, len(people)),
        k_marginal_score=k_marginal_score(boxes_of_people(people, table.schema), boxes),
    )


def page_of(name: str, summary: Summary, people: pd.DataFrame, table: PublishedTable) -> str:
    """Return a page: the summary, the classes, each column before and after, the first rows."""
    from anomed_core.report import Fact, Facts, Folded, Section, page
    from anomed_dataset_anonymization.privacy import published_classes
    from anomed_dataset_anonymization.report import (
        class_sizes_chart,
        column_charts,
        readable_table,
    )
    from anomed_dataset_anonymization.utility import boxes_of_people, boxes_of_published

    original = boxes_of_people(people, table.schema)
    names = ("original", "anonymized")
    pairs = (line.split(": ", 1) for line in summary.lines())
    parts: list[Any] = column_charts(original, boxes_of_published(table), table.schema, names=names)
    return page(
        f"{name}, anonymized",
        [
            Facts([Fact(name=what, value=value) for what, value in pairs]),
            class_sizes_chart(published_classes(table)),
            Section(title="Columns", parts=parts),
            Folded(summary="The first rows", parts=[readable_table(table)]),
        ],
    )
