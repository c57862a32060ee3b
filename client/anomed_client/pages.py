"""A challenge on a page of text, or in a notebook."""

from __future__ import annotations

from anomed_client.description import Description, Kind, Operation, Product
from anomed_client.display import cell, html_table
from anomed_client.schemas import (
    ArraysSchema,
    DocumentSchema,
    FormSchema,
    Schema,
    TableSchema,
)


def description_text(description: Description) -> str:
    """Return a page of text about a challenge."""
    lines = [f"{description.title} ({description.id}, a {description.type} challenge)"]
    if description.description:
        lines += ["", description.description]
    lines += ["", "Data"]
    for product in description.products.values():
        lines += [f"  {product.path}", f"    {_about_product(product)}"]
    lines += ["", "Submissions"]
    for kind in description.kinds.values():
        lines += [f"  {kind.name}, by the {kind.submitter}", f"    {_about_kind(kind)}"]
        lines += [f"    {_about_metric(kind, place)}" for place in range(len(kind.metrics))]
    if description.operations:
        lines += ["", "Operations"]
    for operation in description.operations.values():
        lines += [f"  {operation.name}", f"    {_about_operation(operation)}"]
    rules = _rules(description)
    if rules:
        lines += ["", "Rules", *(f"  {rule}" for rule in rules)]
    lines += ["", "To begin with", *(f"  {line}" for line in _code(description))]
    return "\n".join(cell(line) for line in lines)


def description_html(description: Description) -> str:
    """Return tables about a challenge, for notebooks."""
    products = html_table(
        f"{description.title}: data",
        ["product", "what", "for"],
        [
            [product.path, product.description, ", ".join(product.audience)]
            for product in description.products.values()
        ],
    )
    kinds = html_table(
        "Submissions",
        ["kind", "what", "by", "ranked by"],
        [
            [kind.name, kind.description, kind.submitter, kind.primary]
            for kind in description.kinds.values()
        ],
    )
    operations = html_table(
        "Operations",
        ["operation", "what", "for"],
        [
            [operation.name, operation.description, ", ".join(operation.audience)]
            for operation in description.operations.values()
        ],
    )
    return products + kinds + (operations if description.operations else "")


def form_of(schema: Schema) -> str:
    """Return what a schema holds, in a few words.

    Examples
    --------
    >>> from anomed_client.schemas import Array
    >>> form_of(ArraysSchema(arrays=(Array(name="prediction", kinds=("bool",), shape=(10,)),)))
    'arrays: prediction (bool, 10)'
    """
    if isinstance(schema, ArraysSchema):
        arrays = (
            f"{a.name} ({', '.join([a.dtype or ' or '.join(a.kinds) or 'any', _lengths(a.shape)])})"
            for a in schema.arrays
        )
        return f"arrays: {', '.join(arrays)}"
    if isinstance(schema, TableSchema):
        if schema.columns is None:
            return "table"
        return f"table: {', '.join(column.name for column in schema.columns)}"
    if isinstance(schema, FormSchema):
        return f"parts: {'; '.join(f'{p.name} = {form_of(p.schema)}' for p in schema.parts)}"
    return "document" if isinstance(schema, DocumentSchema) else schema.format


def _lengths(shape: tuple[int | None, ...] | None) -> str:
    if shape is None:
        return "any shape"
    return " x ".join("any" if length is None else str(length) for length in shape)


def _about_product(product: Product) -> str:
    size = f", {product.size_bytes} bytes" if product.size_bytes is not None else ""
    audience = f" For {' and '.join(product.audience)}." if product.audience else ""
    return f"{product.description} {form_of(product.schema)}{size}.{audience}".strip()


def _about_kind(kind: Kind) -> str:
    schemas = {form_of(schema): None for schema in kind.schemas.values()}
    return f"{kind.description} {' / '.join(schemas)}.".strip()


def _about_operation(operation: Operation) -> str:
    sent = form_of(operation.request) if operation.request is not None else "nothing"
    audience = f" For {' and '.join(operation.audience)}." if operation.audience else ""
    answered = form_of(operation.answer)
    return f"{operation.description} Takes {sent}; answers {answered}.{audience}".strip()


def _about_metric(kind: Kind, place: int) -> str:
    metric = kind.metrics[place]
    ranks = ", ranks" if metric.name == kind.primary else ""
    return f"{metric.name} ({metric.direction} is better{ranks}): {metric.definition}"


def _rules(description: Description) -> list[str]:
    if description.api is None:  # the published server keeps no rules
        return []
    rules = ["A final (validation) is scored once; what is refused costs nothing."]
    if description.quotas is not None:
        hours = description.quotas.period_s / 3600
        rules.append(
            f"{description.quotas.attempts} tuning attempts of each kind within {hours:g} hours."
        )
    for split, phase in description.phases.items():
        if phase.opens is not None:
            rules.append(f"{split} opens {phase.opens:%Y-%m-%d %H:%M} UTC.")
        if phase.closes is not None:
            rules.append(f"{split} closes {phase.closes:%Y-%m-%d %H:%M} UTC.")
    return rules


def _code(description: Description) -> list[str]:
    mine = [p for p in description.products.values() if "anonymizer" in p.audience]
    kinds = [kind for kind in description.kinds.values() if kind.submitter == "anonymizer"]
    lines = []
    if mine:
        reader = {"npz": "arrays", "parquet": "table"}.get(mine[0].schema.format, "document")
        lines.append(f'data = challenge.{reader}("{mine[0].name}")')
    if kinds:
        lines.append('challenge.submit(..., split="tuning")')
    return lines or ["challenge.products, challenge.kinds"]
