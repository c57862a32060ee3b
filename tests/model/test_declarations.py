"""What a plugin may declare, and what is refused at once."""

from typing import Any

import attrs
import pytest

from anomed_core import (
    ANONYMIZER,
    DATA_SPLIT,
    ArraySchema,
    ArraysSchema,
    Baseline,
    ChallengeSpec,
    ChallengeType,
    DataProduct,
    Direction,
    JSONSchema,
    Metric,
    Parameter,
    Purpose,
    Quality,
    Role,
    Split,
    SubmissionKind,
)
from anomed_core.model import normalised_slug

PREDICTION = ArraysSchema(arrays=[ArraySchema(name="prediction", kinds=["float"], shape=[3])])


def kind(**changes: object) -> SubmissionKind:
    facts: dict[str, object] = {
        "name": "anonymizer",
        "path": "/utility/anonymizer",
        "submitter": Role.ANONYMIZER,
        "purpose": Purpose.UTILITY,
        "schema": PREDICTION,
        "parameters": (ANONYMIZER, DATA_SPLIT),
    }
    return SubmissionKind(**{**facts, **changes})  # type: ignore[arg-type]


@pytest.mark.parametrize("name", ["supervised_mia", "Supervised-MIA", " supervised-mia "])
def test_hyphens_underscores_and_case_of_a_slug_are_the_same(name: str) -> None:
    assert normalised_slug(name) == "supervised-mia"


@pytest.mark.parametrize("name", ["", "Iris", "a_b", "-a", "a-", "a--b", "1a", "a b"])
def test_type_names_are_slugs(name: str) -> None:
    with pytest.raises(ValueError, match="name"):
        ChallengeType(name=name, title="x", config_class="m:C")


@pytest.mark.parametrize("identifier", ["", "A", "a/b", "-a", "ä", "a" * 65, "../etc"])
def test_challenge_ids_are_url_segments(identifier: str) -> None:
    with pytest.raises(ValueError, match="id"):
        ChallengeSpec(id=identifier, type="x")


@pytest.mark.parametrize("path", ["data", "/", "/data/", "/Data", "/a b", "/a/../b", "//a", "/{x}"])
def test_product_paths_are_plain(path: str) -> None:
    with pytest.raises(ValueError, match="path"):
        DataProduct(path=path, audience={Role.PUBLIC}, schema=PREDICTION)


def test_a_static_product_has_no_required_parameters() -> None:
    with pytest.raises(ValueError, match="/data/x: a static product has no required parameters"):
        DataProduct(
            path="/data/x",
            audience={Role.PUBLIC},
            schema=PREDICTION,
            static=True,
            parameters=[ANONYMIZER],
        )


def test_lists_and_words_may_be_given_where_tuples_and_members_are_kept() -> None:
    product = DataProduct(path="/x", audience=["anonymizer"], schema=PREDICTION)
    metric = Metric(name="mae", kind="anonymizer", direction="lower", bounds=[0, 1])
    baseline = Baseline(name="b", kind="k", quality="perfect", payload=dict)

    assert product.audience == frozenset({Role.ANONYMIZER})
    assert metric.direction is Direction.LOWER
    assert metric.bounds == (0, 1)
    assert baseline.quality is Quality.PERFECT
    assert kind(submitter="anonymizer", purpose="threat").purpose is Purpose.THREAT


@pytest.mark.parametrize("direction", ["up", None, 1])
def test_other_directions_are_refused(direction: object) -> None:
    with pytest.raises(ValueError, match="is no direction; give higher, lower"):
        Metric(name="mae", kind="anonymizer", direction=direction)


@pytest.mark.parametrize("bounds", [(1, 0), (0, 0), (float("nan"), 1), (0, 1, 2), (0,), ("a", "b")])
def test_bounds_must_leave_room(bounds: tuple[Any, ...]) -> None:
    with pytest.raises(ValueError, match=r"'mae' must be \(low, high\) with low < high"):
        Metric(name="mae", kind="anonymizer", bounds=bounds)


@pytest.mark.parametrize("name", ["", "1a", "a b", "a\n", "ä"])
def test_metric_names_are_plain_words(name: str) -> None:
    with pytest.raises(ValueError, match="name"):
        Metric(name=name, kind="anonymizer")


@pytest.mark.parametrize("submitter", [Role.PUBLIC, Role.ORGANISER])
def test_only_participants_submit(submitter: Role) -> None:
    with pytest.raises(ValueError, match=f"submit, not {submitter}"):
        kind(submitter=submitter)


@pytest.mark.parametrize(
    ("submitter", "purpose"), [("anonymizer", "utility"), ("deanonymizer", "threat")]
)
def test_route_and_purpose_of_a_kind_are_the_usual_ones(submitter: str, purpose: str) -> None:
    kind = SubmissionKind(name="guesses", submitter=submitter, schema=PREDICTION)

    assert (kind.path, kind.purpose.value) == ("/utility/guesses", purpose)


def test_a_kind_without_default_split_requires_one() -> None:
    with pytest.raises(ValueError, match="data_split must be required"):
        kind(parameters=(ANONYMIZER,))


def test_the_splits_of_a_kind_are_the_choices_of_its_parameter() -> None:
    only_tuning = attrs.evolve(DATA_SPLIT, choices=("tuning",))

    assert kind().splits == (Split.TUNING, Split.VALIDATION)
    assert kind(parameters=(ANONYMIZER, only_tuning)).splits == (Split.TUNING,)
    assert kind(parameters=(ANONYMIZER,), default_split="validation").splits == (Split.VALIDATION,)


def test_each_split_may_have_a_schema() -> None:
    longer = ArraysSchema(arrays=[ArraySchema(name="prediction", kinds=["float"], shape=[9])])
    by_split = kind(schema={Split.TUNING: PREDICTION, Split.VALIDATION: longer})

    assert by_split.schema_for(Split.VALIDATION) is longer
    assert kind().schema_for(Split.VALIDATION) is PREDICTION


def test_a_schema_for_some_splits_only_is_refused() -> None:
    with pytest.raises(ValueError, match="one schema for each of its splits"):
        kind(schema={Split.TUNING: PREDICTION})


@pytest.mark.parametrize("name", ["", "A", "1", "data-split"])
def test_parameter_names_are_plain(name: str) -> None:
    with pytest.raises(ValueError, match="name"):
        Parameter(name=name)


def test_declarations_are_frozen() -> None:
    with pytest.raises(attrs.exceptions.FrozenInstanceError):
        kind().name = "other"  # type: ignore[misc]


def test_threats_meet_what_was_submitted_for_their_split() -> None:
    attack = SubmissionKind(name="deanonymizer", schema=PREDICTION)

    assert (attack.with_target, attack.same_split, attack.after_final) == (True, True, True)
    assert attack.keeps == {Split.VALIDATION}


def test_what_anonymizers_submit_is_kept_for_both_splits() -> None:
    kind = SubmissionKind(name="anonymizer", schema=PREDICTION)

    assert (kind.with_target, kind.same_split, kind.after_final) == (False, False, False)
    assert kind.keeps == set(Split)


def test_attacks_that_require_no_anonymizer_need_no_target() -> None:
    optional = attrs.evolve(ANONYMIZER, required=False)
    attack = SubmissionKind(
        name="deanonymizer", schema=PREDICTION, parameters=(optional, DATA_SPLIT)
    )

    assert not attack.with_target


def test_a_kind_that_is_named_otherwise_says_who_submits() -> None:
    with pytest.raises(ValueError, match="say whether an anonymizer or a deanonymizer"):
        SubmissionKind(name="guesses", schema=PREDICTION)


def test_a_product_says_who_may_read_it_unless_its_path_does() -> None:
    own = DataProduct(path="/data/deanonymizer/x", schema=PREDICTION)

    assert own.audience == {Role.DEANONYMIZER}
    with pytest.raises(ValueError, match="say which audience"):
        DataProduct(path="/data/x", schema=PREDICTION)


def test_a_product_with_a_target_is_made_for_each_request() -> None:
    product = DataProduct(path="/data/deanonymizer/x", schema=PREDICTION, with_target=True)

    assert (product.static, product.same_split) == (False, True)
    assert product.parameters == (ANONYMIZER, DATA_SPLIT)


def test_data_that_are_given_declare_their_schema() -> None:
    names = DataProduct(path="/data/names", audience={Role.PUBLIC}, data=["Anna"])

    assert isinstance(names.schema, JSONSchema)
    with pytest.raises(ValueError, match="declare its schema"):
        DataProduct(path="/data/names", audience={Role.PUBLIC}, data=lambda request: {})
