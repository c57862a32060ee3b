"""What is wrong with a declaration is a sentence: what, what came, what is allowed."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

import pytest

from anomed_core import (
    ArraySchema,
    ChallengeSpec,
    DataProduct,
    DataSource,
    JSONSchema,
    Metric,
    Parameter,
    Phase,
    Role,
    Split,
    SubmissionKind,
)
from anomed_core.sampling import Lottery

LOTTERY = Lottery(b"0" * 16, scope="test")


@pytest.mark.parametrize(
    ("declare", "sentence"),
    [
        (
            lambda: Metric.of(lambda truth, submitted: 0.0),
            (
                "the name of a Metric is '<lambda>'; write a letter, then letters, digits or "
                "_.%@-, as in tpr_at_fpr_0.1"
            ),
        ),
        (
            lambda: Metric(name="hits", kind="anonymizer", direction="down"),  # type: ignore[arg-type]
            "'down' is no direction; give higher, lower",
        ),
        (
            lambda: DataProduct(path="/data/x", audience="anonymiser", schema=JSONSchema()),
            "'anonymiser' is no role; give public, anonymizer, deanonymizer, organiser",
        ),
        (
            lambda: DataProduct(path="data", audience="public", schema=JSONSchema()),
            (
                "the path of a DataProduct is 'data'; write lower-case words behind slashes, as in "
                "/data/anonymizer"
            ),
        ),
        (
            lambda: DataProduct(path="/data/anonymizer/x", data={"a": (i for i in (1, 2))}),
            (
                "/data/anonymizer/x: its data['a'] is a generator, which can be read once; give a "
                "list, or a function that returns one"
            ),
        ),
        (
            lambda: ArraySchema(name="x", kinds="integer", shape=(1,)),
            "kinds must be some of ['bool', 'bytes', 'float', 'int', 'str'], got ['integer']",
        ),
        (
            lambda: Parameter(name="Data Split"),
            (
                "the name of a Parameter is 'Data Split'; write lower-case letters, digits, "
                "underscores, as in data_split"
            ),
        ),
        (
            lambda: DataSource(scheme="CSV"),
            (
                "the scheme of a DataSource is 'CSV'; write lower-case letters, digits, hyphens, "
                "as in csv"
            ),
        ),
        (
            lambda: ChallengeSpec(id="My Iris", type="supervised-mia"),
            (
                "the id of a ChallengeSpec is 'My Iris'; write 1 to 64 lower-case letters, digits, "
                "- or _, as in iris"
            ),
        ),
        (
            lambda: Phase(opens=datetime(2027, 1, 31)),
            (
                "a phase opens and closes at times with a zone, got datetime.datetime(2027, 1, "
                "31, 0, 0); give datetime(2027, 1, 31, tzinfo=UTC)"
            ),
        ),
        (
            lambda: LOTTERY.permutation(9, "x", 5),  # type: ignore[arg-type]
            "purposes and ids of draws are text, got 5 of type int; write str(...) around it",
        ),
    ],
)
def test_each_mistake_has_its_sentence(declare: Callable[[], Any], sentence: str) -> None:
    with pytest.raises((ValueError, TypeError)) as caught:
        declare()

    assert str(caught.value) == sentence


def test_one_word_stands_for_a_set_of_one() -> None:
    product = DataProduct(path="/data/x", audience="deanonymizer", schema=JSONSchema())
    kind = SubmissionKind(name="anonymizer", schema=JSONSchema(), keeps="validation")

    assert product.audience == {Role.DEANONYMIZER}
    assert kind.keeps == {Split.VALIDATION}
    assert ArraySchema(name="x", kinds="int", shape=(1,)).kinds == ("int",)
