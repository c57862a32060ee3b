"""Check a pipeline step by step against what each may follow, so that OpenDP has nothing to refuse.

What would be an error of the library is a sentence here: its errors cost a hundred times more than
its answers, and their time would tell of what was tried.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import attrs

from anomed_dp_query.libraries.library import QueryRefused
from anomed_dp_query.libraries.opendp.pipelines.steps import Step, read_steps
from anomed_dp_query.metadata.model import TableMetadata

_FLOATS = {"f64", "f32"}
_WHOLE = {"i32": 31, "i64": 63, "u32": 32, "usize": 64}
_ATOMS = {"String", "bool", *_FLOATS, *_WHOLE}
_NAMES = {"str": "String", "float": "f64", "int": "i32"}
_MOST_VALUES = 1_000
_LARGEST_SIZE = 10**7
_SCALES = (1e-9, 1e15)
_MEASUREMENTS = {"laplace", "geometric", "gaussian", "zCDP_to_approxDP"}
_NO_MEASUREMENT = (  # in the words that clients know
    "The pipeline provided is not a measurement. It cannot be processed in this server."
)


@attrs.frozen(kw_only=True)
class Pipeline:
    """A measurement on one column.

    Attributes
    ----------
    column
        Its name.
    place
        Its place in the table.
    steps
        What follows, down to a measurement; arguments are checked and complete.
    is_gaussian
        Whether its loss is a rho.
    """

    column: str
    place: int
    steps: tuple[Step, ...]
    is_gaussian: bool


@attrs.frozen(kw_only=True)
class _State:
    """What a step leaves behind: a column, a figure, counts, or a release."""

    form: str = "column"
    atom: str = "String"
    optional: bool = False
    nan: bool = False
    bounds: tuple[Any, Any] | None = None
    size: int | None = None
    metric: str = ""


def read_pipeline(document: Any, table: TableMetadata) -> Pipeline:
    """Read a pipeline as lomas-client up to 0.4 sends it.

    Parameters
    ----------
    document
        Text of JSON.
    table
        What is public about the table.

    Raises
    ------
    QueryRefused
        Naming the step that is not allowed.
    """
    steps = read_steps(document)
    names = [step.name for step in steps]
    if names[-1] not in _MEASUREMENTS:
        raise QueryRefused(_NO_MEASUREMENT)
    if names[:2] != ["split_dataframe", "select_column"]:
        raise QueryRefused(
            "the pipeline must begin with split_dataframe and select_column; it began with "
            f"{', '.join(names[:2])}"
        )
    _check_split(steps[0].arguments, table)
    column = _selected(steps[1].arguments, table)
    state, checked = _State(), []
    for step in steps[2:]:
        before = state
        state, arguments = _STEPS[step.name](state, step.arguments)
        if before.nan and not state.nan and step.name == "clamp":
            low, high = arguments["bounds"]
            checked.append(Step("impute_constant", {"constant": (low + high) / 2}))
        checked.append(Step(step.name, arguments))
    if state.form not in {"release", "approximate"}:
        raise QueryRefused(_NO_MEASUREMENT)
    is_gaussian = any(step.name == "gaussian" for step in checked)
    return Pipeline(
        column=column,
        place=table.names.index(column),
        steps=tuple(step for step in checked if step.name != "zCDP_to_approxDP"),
        is_gaussian=is_gaussian,
    )


def _check_split(given: dict[str, Any], table: TableMetadata) -> None:
    if given.get("separator") != "," or given.get("col_names") != table.names or given.get("K"):
        raise QueryRefused(
            f'split_dataframe takes separator "," and col_names {list(table.names)}; give these'
        )


def _selected(given: dict[str, Any], table: TableMetadata) -> str:
    key = given.get("key")
    if not isinstance(key, str) or key not in table:
        raise QueryRefused(
            f"select_column: there is no column {str(key)[:60]!r}; there are "
            f"{', '.join(table.names)}"
        )
    if given.get("TOA") not in ("String", "str") or given.get("K"):
        raise QueryRefused('select_column takes TOA "String"; cast the column afterwards')
    return key


def _need(holds: bool, step: str, sentence: str) -> None:
    if not holds:
        raise QueryRefused(f"{step}: {sentence}")


def _atom(value: Any, step: str, default: str | None = None) -> str:
    name = (
        _NAMES.get(value, value) if isinstance(value, str) else default if value is None else None
    )
    _need(name in _ATOMS, step, f"takes a type of {', '.join(sorted(_ATOMS))}")
    return str(name)


def _only(given: dict[str, Any], step: str, **allowed: tuple[Any, ...]) -> None:
    for name, values in allowed.items():
        value = given.get(name)
        if value is not None and value not in values:
            shown = ", ".join(str(one) for one in values) or "nothing"
            raise QueryRefused(f"{step}: {name} may be {shown}; leave it out")


def _of_atom(value: Any, atom: str, step: str) -> Any:
    """Return a constant as the column's type has it."""
    if atom in _FLOATS and type(value) in {int, float}:
        return float(value)
    if atom in _WHOLE and type(value) is int:
        low = 0 if atom.startswith("u") else -(2 ** _WHOLE[atom])
        if low <= value < 2 ** _WHOLE[atom]:
            return value
    if (atom == "String" and isinstance(value, str) and len(value) <= 200) or (
        atom == "bool" and isinstance(value, bool)
    ):
        return value
    raise QueryRefused(f"{step}: {str(value)[:40]!r} is no value of the type {atom}")


def _column(state: _State, step: str, *, filled: bool = False) -> None:
    _need(state.form == "column", step, "follows a column; write it before what adds or counts")
    if filled:
        _need(not state.optional, step, "needs cells that are not missing; impute_constant first")


Checked = tuple[_State, dict[str, Any]]


def _cast(state: _State, given: dict[str, Any]) -> Checked:
    _column(state, "cast", filled=True)
    atom = _atom(given.get("TOA"), "cast")
    after = _State(atom=atom, optional=True, nan=atom in _FLOATS, size=state.size)
    return after, {"TOA": atom}


def _cast_default(state: _State, given: dict[str, Any]) -> Checked:
    _column(state, "cast_default", filled=True)
    atom = _atom(given.get("TOA"), "cast_default")
    nan = atom in _FLOATS and (state.atom == "String" or state.nan)
    return _State(atom=atom, nan=nan, size=state.size), {"TOA": atom}


def _impute(state: _State, given: dict[str, Any]) -> Checked:
    _column(state, "impute_constant")
    _need(state.optional or state.nan, "impute_constant", "follows cast; nothing is missing here")
    constant = _of_atom(given.get("constant"), state.atom, "impute_constant")
    return attrs.evolve(state, optional=False, nan=False), {"constant": constant}


def _clamp(state: _State, given: dict[str, Any]) -> Checked:
    _column(state, "clamp", filled=True)
    _need(state.atom in _FLOATS | set(_WHOLE), "clamp", "needs a column of numbers; cast it first")
    bounds = given.get("bounds")
    _need(isinstance(bounds, tuple) and len(bounds) == 2, "clamp", "takes bounds (lower, upper)")
    low, high = (_of_atom(bound, state.atom, "clamp") for bound in bounds or ())
    _need(low < high, "clamp", f"its lower bound {low} is not below {high}; exchange them")
    return attrs.evolve(state, nan=False, bounds=(low, high)), {"bounds": (low, high)}


def _resize(state: _State, given: dict[str, Any]) -> Checked:
    _column(state, "resize", filled=True)
    _need(not state.nan, "resize", "follows clamp or impute_constant, as cells may be no numbers")
    _only(given, "resize", MO=("SymmetricDistance",))
    size, constant = given.get("size"), _of_atom(given.get("constant"), state.atom, "resize")
    _need(
        type(size) is int and 1 <= size <= _LARGEST_SIZE, "resize", f"size is 1 to {_LARGEST_SIZE}"
    )
    if state.bounds is not None:
        low, high = state.bounds
        _need(low <= constant <= high, "resize", f"constant must be from {low} to {high}")
    return attrs.evolve(state, size=size), {"size": size, "constant": constant}


def _is_equal(state: _State, given: dict[str, Any]) -> Checked:
    _column(state, "is_equal", filled=True)
    value = _of_atom(given.get("value"), state.atom, "is_equal")
    return _State(atom="bool", size=state.size), {"value": value}


def _count(state: _State, given: dict[str, Any]) -> Checked:
    _column(state, "count")
    _only(given, "count", TO=("i32", "int", "i64", "u32", "usize"))
    atom = _atom(given.get("TO"), "count", "i32")
    return _State(form="figure", atom=atom, metric="absolute"), {"TO": atom}


def _count_distinct(state: _State, given: dict[str, Any]) -> Checked:
    _need(state.atom not in _FLOATS, "count_distinct", "needs texts or whole numbers")
    _column(state, "count_distinct", filled=True)
    return _count(state, given)


def _count_by_categories(state: _State, given: dict[str, Any]) -> Checked:
    step = "count_by_categories"
    _column(state, step, filled=True)
    _need(state.atom not in _FLOATS, step, "needs texts, truth values or whole numbers")
    values = given.get("categories")
    _need(
        isinstance(values, tuple) and 1 <= len(values) <= _MOST_VALUES,
        step,
        f"takes 1 to {_MOST_VALUES} categories",
    )
    categories = [_of_atom(value, state.atom, step) for value in values or ()]
    _need(len(set(categories)) == len(categories), step, "has a category twice")
    _only(given, step, TOA=("i32", "int", "i64"), null_category=(True, False))
    _only(given, step, MO=("L1Distance<i32>", "L1Distance<int>", "L1Distance<i64>",
                           "L2Distance<f64>", "L2Distance<float>"))  # fmt: skip
    metric = "L2" if str(given.get("MO")).startswith("L2") else "L1"
    atom = _atom(given.get("TOA"), step, "i32")
    null_category = given.get("null_category") is not False
    return _State(form="figure", atom=atom, metric=metric), {
        "categories": categories,
        "null_category": null_category,
        "MO": "L2Distance<f64>" if metric == "L2" else f"L1Distance<{atom}>",
        "TOA": atom,
    }


def _sum(state: _State, _: dict[str, Any]) -> Checked:
    _column(state, "sum", filled=True)
    _need(state.bounds is not None, "sum", "needs bounds; clamp first")
    return _State(form="figure", atom=state.atom, metric="absolute"), {}


def _mean(state: _State, _: dict[str, Any]) -> Checked:
    _column(state, "mean", filled=True)
    is_ready = state.bounds is not None and state.size is not None and state.atom in _FLOATS
    _need(is_ready, "mean", "needs floats with bounds and a size; cast, clamp and resize first")
    return _State(form="figure", atom=state.atom, metric="absolute"), {}


def _variance(state: _State, given: dict[str, Any]) -> Checked:
    _need((state.size or 2) > 1, "variance", "needs at least 2 rows; resize to more")
    after, _ = _mean(state, {})
    _only(given, "variance", ddof=(0, 1), S=("Pairwise<f64>", "Pairwise<T>"))
    return after, {"ddof": 1 if given.get("ddof") is None else int(given["ddof"])}


def _quantile(state: _State, _: dict[str, Any]) -> Checked:
    step = "quantile_score_candidates"
    _column(state, step, filled=True)
    _need(state.atom in _FLOATS | set(_WHOLE) and not state.nan, step, "needs clamped numbers")
    raise QueryRefused(
        f"{step}: its scores are no release, and no measurement of theirs is offered here; ask for "
        "the quantile with a plan of Polars"
    )


def _noise(name: str, *, is_gaussian: bool) -> Callable[[_State, dict[str, Any]], Checked]:
    def check(state: _State, given: dict[str, Any]) -> Checked:
        _need(state.form == "figure", name, "follows a sum, a mean, a variance or a count")
        _only(given, name, k=(), bounds=(), MO=(
            ("ZeroConcentratedDivergence",) if is_gaussian else ("MaxDivergence",)
        ))  # fmt: skip
        if is_gaussian:
            _need(state.metric != "L1", name, 'needs count_by_categories with MO "L2Distance<f64>"')
        else:
            _need(state.metric != "L2", name, "needs count_by_categories with an L1Distance")
        _need(name != "geometric" or state.atom in _WHOLE, name, "needs whole numbers")
        scale, (low, high) = given.get("scale"), _SCALES
        _need(
            type(scale) in {int, float} and low <= scale <= high,  # type: ignore[operator]
            name,
            f"scale must be from {low:g} to {high:g}",
        )
        after = attrs.evolve(state, form="release", metric="rho" if is_gaussian else "epsilon")
        return after, {"scale": float(scale)}  # type: ignore[arg-type]

    return check


def _approximated(state: _State, _: dict[str, Any]) -> Checked:
    is_ready = state.form == "release" and state.metric == "rho"
    _need(is_ready, "zCDP_to_approxDP", "follows gaussian")
    return attrs.evolve(state, form="approximate"), {}


def _again(name: str) -> Callable[[_State, dict[str, Any]], Checked]:
    def check(_state: _State, _given: dict[str, Any]) -> Checked:
        raise QueryRefused(f"{name}: may stand at the beginning only, once")

    return check


_STEPS: dict[str, Callable[[_State, dict[str, Any]], Checked]] = {
    "split_dataframe": _again("split_dataframe"),
    "select_column": _again("select_column"),
    "cast": _cast,
    "cast_default": _cast_default,
    "impute_constant": _impute,
    "clamp": _clamp,
    "resize": _resize,
    "is_equal": _is_equal,
    "count": _count,
    "count_distinct": _count_distinct,
    "count_by_categories": _count_by_categories,
    "sum": _sum,
    "mean": _mean,
    "variance": _variance,
    "quantile_score_candidates": _quantile,
    "laplace": _noise("laplace", is_gaussian=False),
    "geometric": _noise("geometric", is_gaussian=False),
    "gaussian": _noise("gaussian", is_gaussian=True),
    "zCDP_to_approxDP": _approximated,
}
