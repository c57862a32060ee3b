"""What arrays of a product mean: said once, and shown wherever the product is described."""

import json

import numpy as np
import pytest

from anomed_core import ArraysSchema, DataProduct, JSONSchema, Meaning, hookimpl
from anomed_core.service import describe, dummy_data
from tests.conftest import OpenServer
from tests.service.test_declared import Declared

AGE = Meaning(description="At admission.", unit="years", low=18, high=95)
AGES = np.arange(18, 95)


def test_given_arrays_are_described() -> None:
    product = DataProduct(path="/data/anonymizer/a", data={"age": AGES}, meanings={"age": AGE})

    (array,) = product.schema.arrays
    assert (array.description, array.unit) == ("At admission.", "years")
    assert (array.low, array.high, array.dtype) == (18, 95, "int64")


def test_each_part_takes_what_is_said_of_its_arrays() -> None:
    parts = {"training": {"age": AGES, "y": AGES}, "tuning": {"age": AGES}}
    said = {"age": AGE, "y": "Days in hospital."}

    training, tuning = DataProduct.of_parts(
        "/data/anonymizer", parts, description="Patients.", meanings=said
    )

    assert [a.description for a in training.schema.arrays] == ["At admission.", "Days in hospital."]
    assert [a.unit for a in tuning.schema.arrays] == ["years"]


def test_a_name_that_no_part_holds_is_refused() -> None:
    with pytest.raises(ValueError, match=r"name ago, which no part holds; the parts hold \['age'"):
        DataProduct.of_parts(
            "/data/anonymizer", {"a": {"age": AGES}}, description="A.", meanings={"ago": AGE}
        )
    with pytest.raises(ValueError, match=r"meanings name ago; the arrays are \['age'\]"):
        ArraysSchema.of(age=AGES).described(ago=AGE)


@pytest.mark.parametrize("schema", [ArraysSchema.of(age=AGES), JSONSchema()])
def test_a_declared_schema_says_it_itself(schema: ArraysSchema | JSONSchema) -> None:
    with pytest.raises(ValueError, match=r"let the declared schema say them: schema\.described"):
        DataProduct(path="/data/anonymizer/a", schema=schema, meanings={"age": AGE})


def test_descriptions_and_dummy_data_follow_what_is_said(server_of: OpenServer) -> None:
    class Described(Declared):
        @hookimpl
        def anomed_data_products(self) -> list[DataProduct]:
            return [
                DataProduct(path="/data/anonymizer/a", data={"age": AGES}, meanings={"age": AGE})
            ]

    (hosted,) = server_of(Described()).challenges.values()
    (product,) = hosted.products.values()

    facts = json.loads(json.dumps(describe(hosted, base="")))["products"][0]["schema"]["arrays"][0]
    assert (facts["description"], facts["unit"]) == ("At admission.", "years")
    assert (facts["low"], facts["high"]) == (18, 95)
    made = dummy_data(hosted, product, seed=1)["age"]
    assert made.min() >= 18
    assert made.max() <= 95
