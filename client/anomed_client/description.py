"""What a challenge says about itself, as objects: ``challenge.json`` and nothing else."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from types import MappingProxyType
from typing import Any, Literal, TypeVar

from anomed_client.schemas import Schema, schema_of

Split = Literal["tuning", "validation"]

OLDEST_API, NEWEST_API = 1, 1
"""Range of ``api`` that this release speaks."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Parameter:
    """A query parameter of a product or submission kind."""

    name: str
    required: bool = True
    choices: tuple[str, ...] = ()
    description: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class Product:
    """Something that can be downloaded.

    Attributes
    ----------
    path
        Below the challenge.
    description, audience
        What it is, and for which roles.
    static
        Whether everybody gets the same bytes, so that they are worth keeping.
    parameters
        Of the request.
    schema
        What it holds.
    size_bytes, sha256
        ``None`` where the server does not say.
    """

    path: str
    description: str = ""
    audience: tuple[str, ...] = ()
    static: bool = False
    parameters: tuple[Parameter, ...] = ()
    schema: Schema
    size_bytes: int | None = None
    sha256: str | None = None

    @property
    def name(self) -> str:
        """The end of its path."""
        return self.path.rpartition("/")[2]

    def takes(self, parameter: str) -> bool:
        """Return whether requests may have a parameter."""
        return any(declared.name == parameter for declared in self.parameters)


@dataclass(frozen=True, kw_only=True, slots=True)
class Metric:
    """A number that submissions are scored by; infinite bounds are ``None``."""

    name: str
    direction: str = "higher"
    low: float | None = None
    high: float | None = None
    chance: float | None = None
    primary: bool = False
    definition: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class Kind:
    """Something that can be submitted.

    Attributes
    ----------
    name, path, description
        Which, where, and what it is.
    submitter
        ``anonymizer`` or ``deanonymizer``.
    schemas
        What it must look like, by split.
    parameters
        Of the request.
    selector
        Parameters that choose this kind where several share a path.
    metrics
        What it is scored by.
    answers
        By split, the product whose rows a payload answers, one by one, where there is one.
    extension
        Who added it to the challenge's type; ``None`` if it is the type's own.
    """

    name: str
    path: str
    description: str = ""
    submitter: str
    schemas: Mapping[str, Schema]
    parameters: tuple[Parameter, ...] = ()
    selector: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    metrics: tuple[Metric, ...] = ()
    answers: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    extension: str | None = None

    @property
    def primary(self) -> str | None:
        """Name of the metric that ranks; the first one if none says so."""
        ranking = [metric for metric in self.metrics if metric.primary] or list(self.metrics)
        return ranking[0].name if ranking else None

    def takes(self, parameter: str) -> bool:
        """Return whether requests may have a parameter."""
        return any(declared.name == parameter for declared in self.parameters)


@dataclass(frozen=True, kw_only=True, slots=True)
class Operation:
    """Something that can be called.

    Attributes
    ----------
    name, path, method, description
        Which, where, how, and what it is.
    audience
        For which roles; ``public`` for everybody.
    parameters
        Of the request.
    request
        What is sent; ``None`` if nothing is.
    answer
        What comes back.
    accounts
        Names of the accounts that pay for a call; empty if it is free.
    requires_sealed
        Name of the account that must be sealed before; ``None`` for none.
    """

    name: str
    path: str
    method: str = "POST"
    description: str = ""
    audience: tuple[str, ...] = ()
    parameters: tuple[Parameter, ...] = ()
    request: Schema | None = None
    answer: Schema
    accounts: tuple[str, ...] = ()
    requires_sealed: str | None = None

    def takes(self, parameter: str) -> bool:
        """Return whether requests may have a parameter."""
        return any(declared.name == parameter for declared in self.parameters)


@dataclass(frozen=True, kw_only=True, slots=True)
class Phase:
    """When submissions for a split are taken, in UTC; ``None`` for no bound."""

    opens: datetime | None = None
    closes: datetime | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Limits:
    """What a server allows; ``None`` where it does not say."""

    body_bytes: int | None = None
    evaluation_timeout_s: float | None = None
    upload_timeout_s: float | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Quotas:
    """How many tuning attempts there are, per kind and subject."""

    attempts: int
    period_s: int


@dataclass(frozen=True, kw_only=True, slots=True)
class Description:
    """One challenge.

    Attributes
    ----------
    id, type, title, description
        What it is called and about.
    fingerprint
        Of its data and metrics: changes when they do.
    core_version, api
        Of the server; ``None`` for the published one.
    features
        What the server can, where that differs between versions.
    min_client
        Oldest release of this package that the server expects.
    products, kinds, operations
        By path, and by name.
    phases, quotas, limits
        The rules.
    """

    id: str
    type: str
    title: str
    description: str = ""
    fingerprint: str = ""
    core_version: str | None = None
    api: int | None = None
    features: frozenset[str] = frozenset()
    min_client: str | None = None
    products: Mapping[str, Product]
    kinds: Mapping[str, Kind]
    operations: Mapping[str, Operation] = field(default_factory=lambda: MappingProxyType({}))
    phases: Mapping[str, Phase] = field(default_factory=lambda: MappingProxyType({}))
    quotas: Quotas | None = None
    limits: Limits = field(default_factory=Limits)

    def __str__(self) -> str:
        from anomed_client.pages import description_text

        return description_text(self)


_T = TypeVar("_T")


class ByEnding(Mapping[str, _T]):
    """A mapping by path whose keys may be any ending of it, as long as one path alone has it.

    Examples
    --------
    >>> products = ByEnding({"/data/anonymizer/leaky": 1, "/data/public/schema": 2})
    >>> products["leaky"], products["anonymizer/leaky"], "schema" in products
    (1, 1, True)
    """

    def __init__(self, items: Mapping[str, _T]) -> None:
        self._items = dict(items)

    def __getitem__(self, key: str) -> _T:
        if key in self._items:
            return self._items[key]
        found = self.endings(key)
        if len(found) != 1:
            raise KeyError(key)
        return self._items[found[0]]

    def __iter__(self) -> Iterator[str]:
        return iter(self._items)

    def __len__(self) -> int:
        return len(self._items)

    def __repr__(self) -> str:
        return f"{type(self).__name__}({list(self._items)})"

    def endings(self, key: str) -> list[str]:
        """Return the paths that end with a key."""
        return [path for path in self._items if path.endswith("/" + key.strip("/"))]


def description_of(told: Mapping[str, Any]) -> Description:
    """Return what ``challenge.json`` says; members that this release does not know are passed over.

    Paths are told with what the server has before them; they are cut to what follows the
    challenge's own address, so that a proxy's prefix does no harm.
    """
    base = told.get("base", "")
    products = [_product(product, base) for product in told.get("products", ())]
    kinds = [_kind(kind, base) for kind in told.get("submissions", ())]
    operations = [_operation(operation, base) for operation in told.get("operations") or ()]
    limits = told.get("limits") or {}
    quota = told.get("quota")
    return Description(
        id=told["id"],
        type=told["type"],
        title=told.get("title", told["id"]),
        description=told.get("description", ""),
        fingerprint=told.get("fingerprint", ""),
        core_version=told.get("core_version"),
        api=told.get("api"),
        features=frozenset(told.get("features") or ()),
        min_client=told.get("min_client"),
        products=ByEnding({product.path: product for product in products}),
        kinds=MappingProxyType({kind.name: kind for kind in kinds}),
        operations=MappingProxyType({operation.name: operation for operation in operations}),
        phases=MappingProxyType(
            {split: phase_of(phase) for split, phase in (told.get("phases") or {}).items()}
        ),
        quotas=Quotas(attempts=quota["attempts"], period_s=quota["period_s"]) if quota else None,
        limits=Limits(**{name: limits.get(name) for name in Limits.__dataclass_fields__}),
    )


def _product(told: Mapping[str, Any], base: str) -> Product:
    return Product(
        path=told["path"].removeprefix(base),
        description=told.get("description", ""),
        audience=tuple(told.get("audience") or ()),
        static=told.get("static", False),
        parameters=tuple(_parameter(parameter) for parameter in told.get("parameters") or ()),
        schema=schema_of(told.get("schema") or {}),
        size_bytes=told.get("size_bytes"),
        sha256=told.get("sha256"),
    )


def _kind(told: Mapping[str, Any], base: str) -> Kind:
    parameters = tuple(_parameter(parameter) for parameter in told.get("parameters") or ())
    selector = told.get("selector")
    if selector is None:
        # Servers that tell no selectors let the name of a kind choose it.
        selector = {p.name: told["name"] for p in parameters if told["name"] in p.choices}
    return Kind(
        name=told["name"],
        path=told["path"].removeprefix(base),
        description=told.get("description", ""),
        submitter=told.get("submitter", "anonymizer"),
        schemas=MappingProxyType(
            {split: schema_of(schema) for split, schema in told.get("splits", {}).items()}
        ),
        parameters=parameters,
        selector=MappingProxyType(dict(selector)),
        metrics=tuple(_metric(metric) for metric in told.get("metrics") or ()),
        answers=MappingProxyType(dict(told.get("answers") or {})),
        extension=told.get("extension"),
    )


def _operation(told: Mapping[str, Any], base: str) -> Operation:
    request = told.get("request")
    return Operation(
        name=told["name"],
        path=told["path"].removeprefix(base),
        method=told.get("method", "POST"),
        description=told.get("description", ""),
        audience=tuple(told.get("audience") or ()),
        parameters=tuple(_parameter(parameter) for parameter in told.get("parameters") or ()),
        request=schema_of(request) if request is not None else None,
        answer=schema_of(told.get("answer") or {}),
        accounts=tuple(told.get("accounts") or ()),
        requires_sealed=told.get("requires_sealed"),
    )


def _parameter(told: Mapping[str, Any]) -> Parameter:
    return Parameter(
        name=told["name"],
        required=told.get("required", True),
        choices=tuple(told.get("choices") or ()),
        description=told.get("description", ""),
    )


def _metric(told: Mapping[str, Any]) -> Metric:
    return Metric(
        name=told["name"],
        direction=told.get("direction", "higher"),
        low=told.get("low"),
        high=told.get("high"),
        chance=told.get("chance"),
        primary=told.get("primary", False),
        definition=told.get("definition", ""),
    )


def phase_of(told: Mapping[str, Any]) -> Phase:
    """Return a phase as servers write it."""
    return Phase(opens=time_of(told.get("opens")), closes=time_of(told.get("closes")))


def time_of(text: str | None) -> datetime | None:
    """Return a time as servers write it; ``None`` for none."""
    return datetime.fromisoformat(text) if text else None
