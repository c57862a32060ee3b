"""What the published server (anomed-challenge 0.0.21) offers, which it does not say itself."""

from __future__ import annotations

from types import MappingProxyType

from anomed_client.description import (
    ByEnding,
    Description,
    Kind,
    Metric,
    Parameter,
    Product,
)
from anomed_client.schemas import (
    Array,
    ArraysSchema,
    FormSchema,
    Part,
    Schema,
    TableSchema,
    TextSchema,
)

ALIVE = {"message": "Challenge server is alive!"}
"""What it answers at ``/``, exactly."""

LEAKY = "/data/anonymizer/leaky"
"""Only its challenges about tables have this product."""

_ANONYMIZER = Parameter(name="anonymizer")
_DEANONYMIZER = Parameter(name="deanonymizer")
_SPLIT = Parameter(name="data_split", choices=("tuning", "validation"))
_RECORDS = ArraysSchema(arrays=(Array(name="X", finite=False), Array(name="y", finite=False)))
_SCHEMES = ("same", "generalization", "microaggregation")
_DECISIONS = (
    Metric(name="acc", primary=True),
    Metric(name="tpr"),
    Metric(name="fpr", direction="lower"),
)


def published_description(*, tabular: bool) -> Description:
    """Return the description of one of the published server's two types."""
    return _tabular() if tabular else _supervised()


def _supervised() -> Description:
    products = [
        Product(path=path, audience=(role,), schema=_RECORDS, description=description)
        for path, role, description in (
            ("/data/anonymizer/training", "anonymizer", "Records to train on."),
            ("/data/anonymizer/tuning", "anonymizer", "Features to predict for tuning."),
            ("/data/anonymizer/validation", "anonymizer", "Features to predict for the final."),
            ("/data/deanonymizer/members", "deanonymizer", "Records that were trained on."),
            ("/data/deanonymizer/non-members", "deanonymizer", "Records that were not."),
        )
    ]
    pair = Product(
        path="/data/attack-success-evaluation",
        audience=("deanonymizer",),
        schema=_RECORDS,
        parameters=(_ANONYMIZER, _DEANONYMIZER, _SPLIT),
        description="Members and non-members, to tell apart.",
    )
    prediction = _both(ArraysSchema(arrays=(Array(name="prediction"),)))
    guesses = _both(ArraysSchema(arrays=(Array(name="prediction", kinds=("bool",)),)))
    kinds = (
        Kind(
            name="anonymizer",
            path="/utility/anonymizer",
            submitter="anonymizer",
            schemas=prediction,
            parameters=(_ANONYMIZER, _SPLIT),
            metrics=(Metric(name="accuracy", primary=True),),
            answers={split: f"/data/anonymizer/{split}" for split in ("tuning", "validation")},
            description="Predicted targets, one a record.",
        ),
        Kind(
            name="deanonymizer",
            path="/utility/deanonymizer",
            submitter="deanonymizer",
            schemas=guesses,
            parameters=(_ANONYMIZER, _DEANONYMIZER, _SPLIT),
            metrics=(
                Metric(name="acc", primary=True),
                Metric(name="tpr"),
                Metric(name="fpr", direction="lower"),
            ),
            answers=dict.fromkeys(("tuning", "validation"), pair.path),
            description="Whether each record was trained on, as bool.",
        ),
    )
    return _described("supervised-mia", "Published challenge", [*products, pair], kinds)


def _tabular() -> Description:
    table = TableSchema()
    products = [
        Product(
            path=LEAKY, audience=("anonymizer",), schema=table, description="The table to publish."
        ),
        Product(
            path="/data/deanonymizer/background-knowledge",
            audience=("deanonymizer",),
            schema=table,
            description="What attackers know.",
        ),
    ]
    kinds = (
        Kind(
            name="anonymizer",
            path="/utility/anonymizer",
            submitter="anonymizer",
            schemas=_both(
                FormSchema(
                    parts=(
                        Part(name="anon_data", schema=table),
                        Part(name="anon_scheme", schema=TextSchema(choices=_SCHEMES)),
                    )
                )
            ),
            parameters=(_ANONYMIZER,),
            description="The anonymized table, and how it was made.",
        ),
        Kind(
            name="deanonymizer",
            path="/utility/deanonymizer",
            submitter="deanonymizer",
            schemas=_both(table),
            description="The reconstructed table.",
        ),
    )
    return _described("dataset-anonymization", "Published challenge", products, kinds)


def _both(schema: Schema) -> MappingProxyType[str, Schema]:
    return MappingProxyType({"tuning": schema, "validation": schema})


def _described(
    type_: str, title: str, products: list[Product], kinds: tuple[Kind, ...]
) -> Description:
    return Description(
        id="published",
        type=type_,
        title=title,
        products=ByEnding({product.path: product for product in products}),
        kinds=MappingProxyType({kind.name: kind for kind in kinds}),
    )
