"""What the server hands out."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import attrs
import numpy as np

from anomed_core.model._converters import as_roles, as_tuple, naming
from anomed_core.model.declarations import (
    ANONYMIZER,
    DATA_SPLIT,
    DEANONYMIZER,
    PATH,
    Parameter,
)
from anomed_core.model.payloads import ArraysSchema, JSONSchema, Meaning, ProductSchema
from anomed_core.model.roles import Role


def _role_in(path: str) -> frozenset[Role]:
    """Return the role that a path names behind its first segment."""
    name = path.split("/")[2] if path.count("/") > 1 else ""
    if name not in set(Role):
        raise ValueError(f"{path}: say which audience may read it")
    return frozenset({Role(name)})


def _reader(product: DataProduct) -> tuple[Parameter, ...]:
    """Return who must be named, where it matters who reads."""
    own = {Role.ANONYMIZER: ANONYMIZER, Role.DEANONYMIZER: DEANONYMIZER}
    return tuple(
        own[role] for role in sorted(product.audience) if role in own and product.requires_sealed
    )


def _schema_of(product: DataProduct) -> ProductSchema:
    """Return the schema of data that are given with their declaration."""
    data = product.data
    if isinstance(data, Mapping) and data and all(isinstance(a, np.ndarray) for a in data.values()):
        return ArraysSchema.of(**data).described(**product.meanings)
    if isinstance(data, (Mapping, list, tuple, str, int, float)):
        return JSONSchema()
    raise ValueError(f"{product.path}: declare its schema, which cannot be seen from its data")


def _is_kept(product: DataProduct, _: object, data: Any) -> None:
    """Refuse what is empty once it was read: a product is read by everybody who asks."""
    parts = data.items() if isinstance(data, Mapping) else [("", data)]
    for name, part in parts:
        if isinstance(part, Iterator):
            which = f"data[{name!r}]" if name else "data"
            raise TypeError(
                f"{product.path}: its {which} is a {type(part).__name__}, which can be read once; "
                "give a list, or a function that returns one"
            )


@attrs.frozen(kw_only=True, field_transformer=naming)
class DataProduct:
    """Something the server hands out.

    Attributes
    ----------
    path
        Route below the challenge, such as ``/data/anonymizer/training``.
    audience
        Who may read it under ``auth = "tokens"``; the organiser always may. The role in the path,
        as in ``/data/anonymizer/training``, if it is not given.
    data
        Its content, or a function of the `DataRequest` that returns it, as ``anomed_provide_data``
        would; ``None`` lets that hook provide it.
    schema
        What its bytes decode to. Arrays that are given as data are declared exactly as they are,
        and other JSON values as any document, if it is not given.
    meanings
        What the given arrays mean, by name: a `Meaning`, or a sentence for participants. A schema
        that is declared says so itself, see `ArraysSchema.described`.
    with_target
        Whether it depends on what the anonymizer in the query has submitted; never static. As long
        as that is nothing, requests are refused, and neither data nor hook is asked.
    attacks
        Name of the submission kind of anonymizers that it depends on, where they may hand in
        several. Without it, whatever the type itself lets anonymizers submit.
    with_transcript
        Whether it depends on what the anonymizer in the query has asked in paid calls; see
        `DataRequest.transcript`. Never static.
    parameters
        Query parameters of a product that is provided per request: with a target the anonymizer's
        id and ``data_split``, if they are not given.
    same_split
        Whether that submission is the newest one for the split in the query, where each split has
        data of its own; otherwise it is the final if there is one and else the newest. With a
        target and ``data_split`` it is the one for that split, if it is not given.
    static
        Whether everyone gets the same bytes: encoded once and sent by the kernel. Otherwise it is
        provided per request, from the request's parameters; so it is with a target or a required
        parameter, if it is not given.
    requires_sealed
        Name of an account of the challenge's operations that whoever reads it must have sealed, so
        that nothing is asked any more by those who know it; empty for none.
    description
        One sentence for participants.

    Examples
    --------
    >>> X, y = np.zeros((100, 4)), np.zeros(100)
    >>> people = DataProduct(
    ...     path="/data/anonymizer/people", data={"X": X}, meanings={"X": "Answers to 4 questions."}
    ... )
    >>> people.static, people.schema == ArraysSchema.of(X=X).described(X="Answers to 4 questions.")
    (True, True)
    >>> published = DataProduct(
    ...     path="/data/deanonymizer/published",
    ...     with_target=True,
    ...     schema=ArraysSchema.of(prediction=y),
    ...     data=lambda request: request.target.submission.payload,
    ... )
    >>> published.static, [parameter.name for parameter in published.parameters]
    (False, ['anonymizer', 'data_split'])
    """

    path: str = attrs.field(validator=PATH)
    audience: frozenset[Role] = attrs.field(
        default=attrs.Factory(lambda self: _role_in(self.path), takes_self=True),
        converter=as_roles,
    )
    data: Any = attrs.field(default=None, eq=False, repr=False, validator=_is_kept)
    meanings: Mapping[str, Meaning | str] = attrs.field(factory=dict, eq=False, repr=False)
    schema: ProductSchema = attrs.field(default=attrs.Factory(_schema_of, takes_self=True))
    with_target: bool = False
    attacks: str = ""
    with_transcript: bool = False
    requires_sealed: str = ""
    parameters: tuple[Parameter, ...] = attrs.field(
        default=attrs.Factory(
            lambda self: (ANONYMIZER, DATA_SPLIT) if self.with_target else _reader(self),
            takes_self=True,
        ),
        converter=as_tuple,
    )
    same_split: bool = attrs.field(
        default=attrs.Factory(
            lambda self: self.with_target and _names_split(self.parameters), takes_self=True
        )
    )
    static: bool = attrs.field(
        default=attrs.Factory(
            lambda self: not (self.with_target or any(p.required for p in self.parameters)),
            takes_self=True,
        )
    )
    description: str = ""

    def __attrs_post_init__(self) -> None:
        if self.meanings and not _says(self.schema, self.meanings):
            raise ValueError(
                f"{self.path}: meanings are of given arrays; let the declared schema say them: "
                "schema.described(...)"
            )
        names = {parameter.name for parameter in self.parameters}
        if self.requires_sealed and not names & {ANONYMIZER.name, DEANONYMIZER.name}:
            raise ValueError(
                f"{self.path}: a product that requires a sealed account must know who reads it; "
                "give it the parameter anonymizer or deanonymizer"
            )
        if self.static and self.requires_sealed:
            raise ValueError(f"{self.path}: a static product is the same for whoever has sealed")
        if self.with_transcript and ANONYMIZER.name not in names:
            raise ValueError(
                f"{self.path}: a transcript is an anonymizer's; give it the parameter anonymizer"
            )
        if self.attacks and not self.with_target:
            raise ValueError(
                f"{self.path}: it names the submission kind {self.attacks!r}, but depends on "
                "nobody's submission; say with_target=True"
            )
        if self.static and self.with_target:
            raise ValueError(f"{self.path}: a static product depends on nobody's submission")
        if self.static and any(parameter.required for parameter in self.parameters):
            raise ValueError(f"{self.path}: a static product has no required parameters")

    @classmethod
    def of_parts(
        cls,
        path: str,
        parts: Mapping[str, Any],
        *,
        description: str,
        audience: Iterable[Role | str] | None = None,
        meanings: Mapping[str, Meaning | str] | None = None,
    ) -> list[DataProduct]:
        """Declare a static product for each part of the data, such as training and tuning.

        Parameters
        ----------
        path
            What their routes begin with.
        parts
            Content by name of the part, which ends the route; see `data`.
        description
            Of all of them.
        audience
            Of all of them; the role in the path, if it is not given.
        meanings
            What arrays mean, by name; each part takes those of its own arrays.

        Returns
        -------
        list of DataProduct
            In the order of the parts.

        Examples
        --------
        >>> parts = {"tuning": {"X": np.zeros(3)}, "validation": {"X": np.zeros(4)}}
        >>> people = DataProduct.of_parts("/data/anonymizer", parts, description="Ages.")
        >>> [product.path for product in people]
        ['/data/anonymizer/tuning', '/data/anonymizer/validation']
        """
        audience = _role_in(f"{path}/part") if audience is None else as_roles(audience)
        meanings = meanings or {}
        held = {name for data in parts.values() if isinstance(data, Mapping) for name in data}
        unknown = sorted(set(meanings) - held)
        if unknown:
            raise ValueError(
                f"{path}: meanings name {', '.join(unknown)}, which no part holds; the parts hold "
                f"{sorted(held)}"
            )
        return [
            cls(
                path=f"{path}/{part}",
                audience=audience,
                data=data,
                description=description,
                meanings={name: meanings[name] for name in meanings if name in data},
            )
            for part, data in parts.items()
        ]


def _says(schema: ProductSchema, meanings: Mapping[str, Meaning | str]) -> bool:
    return isinstance(schema, ArraysSchema) and schema.described(**meanings) == schema


def _names_split(parameters: Iterable[Parameter]) -> bool:
    return any(parameter.name == DATA_SPLIT.name for parameter in parameters)
