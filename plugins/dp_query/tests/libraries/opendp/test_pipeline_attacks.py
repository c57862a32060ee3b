"""Pipelines that must not be answered, each refused from the request and the metadata alone."""

import json
from decimal import Decimal

import pytest
from anomed_dp_query.accounting import Policy
from anomed_dp_query.libraries.library import QueryRefused
from anomed_dp_query.libraries.opendp.library import OpenDP

OPENDP = OpenDP()


def read(pipelines, text, **body):
    table = pipelines.metadata()
    question = OPENDP.read({"opendp_json": text, "fixed_delta": None} | body, table)
    return OPENDP.price(question, table, Policy())


def refused(pipelines, *nodes, match=None, **body):
    with pytest.raises(QueryRefused, match=match) as caught:
        read(pipelines, pipelines.text(pipelines.chain(*nodes)), **body)
    assert len(str(caught.value)) < 1_000


# 6.1, leak 1: any function of OpenDP, and of Python, by its name
@pytest.mark.parametrize(
    ("module", "name"),
    [
        ("mod", "enable_features"),
        ("_lib", "_load_library"),
        ("measurements", "make_user_measurement"),
        ("transformations", "make_user_transformation"),
        ("combinators", "make_population_amplification"),
        ("combinators", "make_basic_composition"),
        ("combinators", "make_sequential_composition"),
        ("measurements", "make_randomized_response_bool"),
        ("measurements", "then_report_noisy_max_gumbel"),
        ("transformations", "__class__"),
        ("transformations", "then___init__"),
        ("builtins", "make_exec"),
        ("transformations.os", "make_clamp"),
        ("domains", "vector_domain"),
    ],
)
def test_no_other_function_is_called_by_its_name(pipelines, module, name):
    refused(pipelines, pipelines.selected(), pipelines.call(name, module, args=["list"]),
            pipelines.measure("laplace", scale=1.0), match="which is not allowed here")  # fmt: skip


@pytest.mark.parametrize(
    "argument",
    [{"_type": "type", "name": "list"}, {"_type": "list", "_items": [], "x": 1}, {"a": 1}, [[1]],
     {"_type": "constructor", "module": "mod", "func": "enable_features"}, 2**70],
)  # fmt: skip
def test_arguments_are_numbers_texts_and_lists(pipelines, argument):
    refused(pipelines, pipelines.selected(), pipelines.call("then_count", TO=argument),
            pipelines.measure("laplace", scale=1.0))  # fmt: skip


@pytest.mark.parametrize("scale", [0, -5.0, 1e308, 5e-324, "1", None, True])
def test_a_scale_is_a_number_that_prices_something(pipelines, scale):
    refused(pipelines, pipelines.selected(), pipelines.call("then_count"),
            pipelines.measure("laplace", scale=scale), match="scale")  # fmt: skip


@pytest.mark.parametrize("constant", ["NaN", "Infinity", "-Infinity", "1e999"])
def test_numbers_are_finite(pipelines, constant):
    text = pipelines.text(pipelines.chain(
        pipelines.selected(), pipelines.call("then_count"), pipelines.measure("laplace", scale=77.5)
    ))  # fmt: skip
    with pytest.raises(QueryRefused, match="finite"):
        read(pipelines, text.replace("77.5", constant))


def test_a_transformation_alone_is_no_measurement(pipelines):
    refused(pipelines, *pipelines.clamped(), match="not a measurement")
    refused(pipelines, pipelines.selected(), match="not a measurement")


def test_nothing_follows_a_release(pipelines):
    count = (pipelines.selected(), pipelines.call("then_count"))
    noise = pipelines.measure("laplace", scale=1.0)
    refused(pipelines, *count, noise, noise, match="follows")
    refused(pipelines, pipelines.selected(), noise, match="follows")
    refused(pipelines, *count, pipelines.call("then_count"), noise, match="follows a column")


@pytest.mark.parametrize("text", [
    "{" * 60, '{"a":' * 100_000, '{"version": "0.10.0"}', '{"ast": 1, "ast": 2}', "{}",
    "{" + " " * 20_001,
    '{"version": "0.10.0", "ast": ' + "[" * 60 + "]" * 60 + "}",
    '{"version": "0.10.0", "ast": null, "x": 1}', '{"ast": "make_count"}',
])  # fmt: skip
def test_what_is_no_small_tree_is_refused(pipelines, text):
    with pytest.raises(QueryRefused):
        read(pipelines, text)


def test_sixty_levels_are_too_many(pipelines):
    casts = [pipelines.call("then_cast_default", TOA="String")] * 60
    refused(pipelines, pipelines.selected(), *casts, pipelines.call("then_count"),
            pipelines.measure("laplace", scale=1.0), match="too large")  # fmt: skip


def test_bounds_are_two_and_ordered(pipelines):
    for bounds in ([1.0, 0.0], [0.0], [0.0, 0.0], ["0", "1"], [True, 2.0], 3):
        refused(pipelines, pipelines.selected(), pipelines.call("then_cast_default", TOA="f64"),
                pipelines.call("then_clamp", bounds=bounds), pipelines.call("then_sum"),
                pipelines.measure("laplace", scale=1.0))  # fmt: skip


@pytest.mark.parametrize("size", [0, -1, 10**8, 1.5, "5", True])
def test_a_size_is_public_and_limited(pipelines, size):
    refused(pipelines, *pipelines.clamped(), pipelines.call("then_resize", size=size, constant=5.0),
            pipelines.call("then_mean"), pipelines.measure("laplace", scale=1.0),
            match="size")  # fmt: skip


def test_a_sum_needs_bounds_and_a_mean_a_size(pipelines):
    floats = (pipelines.selected(), pipelines.call("then_cast_default", TOA="f64"))
    noise = pipelines.measure("laplace", scale=1.0)
    refused(pipelines, *floats, pipelines.call("then_sum"), noise, match="clamp first")
    refused(pipelines, *pipelines.clamped(), pipelines.call("then_mean"), noise, match="size")


def test_columns_are_those_of_the_metadata(pipelines):
    noise = pipelines.measure("laplace", scale=1.0)
    count = pipelines.call("then_count")
    refused(pipelines, pipelines.selected("secret"), count, noise, match="no column")
    refused(pipelines, pipelines.selected(names=("income",)), count, noise, match="col_names")


def test_a_delta_of_one_buys_nothing(pipelines):
    nodes = (pipelines.selected(), pipelines.call("then_count"))
    for delta in (Decimal(1), Decimal("NaN"), Decimal(0), Decimal(-1)):
        refused(pipelines, *nodes, pipelines.measure("gaussian", scale=1.0), fixed_delta=delta)


def test_a_refusal_says_the_same_whatever_the_table_holds(pipelines):
    # a price is a function of request and metadata: the library is never given a frame
    text = json.dumps({"version": "0.10.0", "ast": pipelines.chain(*pipelines.clamped())})
    sentences = set()
    for _ in range(2):
        with pytest.raises(QueryRefused) as caught:
            read(pipelines, text)
        sentences.add(str(caught.value))
    assert len(sentences) == 1
