"""Hand out data products: static ones from a file built once, others made for the request."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any, BinaryIO

import attrs
import numpy as np

from anomed_core.errors import ContractError
from anomed_core.model import (
    ArraysSchema,
    DataProduct,
    DataRequest,
    ProductSchema,
    Role,
    Subject,
    TableSchema,
)
from anomed_core.service.accounts import require_sealed
from anomed_core.service.hosting import HostedChallenge
from anomed_core.service.kept_submissions import (
    KeptSubmissions,
    refuse_annulled,
    required_submission,
)
from anomed_core.service.parameters import checked_parameters
from anomed_core.service.phases import refuse_outside
from anomed_core.state import Artifact, ArtifactStore
from anomed_core.wire import encode_npz, encode_parquet, write_npz

_ENCODING = "1"
"""Changes whenever the same data would be encoded to other bytes."""


def static_product(
    hosted: HostedChallenge, product: DataProduct, artifacts: ArtifactStore
) -> Artifact:
    """Return the file that everybody gets, building it if nobody has asked before.

    Parameters
    ----------
    hosted
        The challenge.
    product
        One of its static products.
    artifacts
        Where files are kept.

    Returns
    -------
    Artifact
        Encoded bytes on disk, ready to be sent by the kernel.

    Raises
    ------
    ContractError
        If the owner provides something else than it declared.
    """
    made_from = f"{hosted.fingerprint} {hosted.settings_digest}"
    key = f"product {hosted.id} {made_from} {product.path} {_ENCODING}"

    def build(file: BinaryIO) -> None:
        _write(file, provided(hosted, product, DataRequest()), product.schema)

    return artifacts.build_once(key, build)


def requested(
    hosted: HostedChallenge,
    product: DataProduct,
    query: Mapping[str, str],
    *,
    kept: KeptSubmissions,
) -> DataRequest:
    """Return what is asked for, after the rules of the game: phase, target, what it submitted.

    Parameters
    ----------
    hosted
        The challenge.
    product
        One of its products that depend on the request.
    query
        Parameters as they came, and the id of the token's holder.
    kept
        Finds what the named anonymizer submitted.

    Raises
    ------
    RequestError
        If a parameter is wrong or missing, the phase is closed, or the anonymizer has submitted
        nothing that the product could be made of.
    """
    request = DataRequest(parameters=checked_parameters(product.parameters, query))
    if request.split is not None and request.split in hosted.phases:
        refuse_outside(hosted.phases[request.split], request.split, kept.ledger)
    if product.requires_sealed:
        require_sealed(hosted, product.requires_sealed, _reader(request), kept.ledger)
    if product.with_transcript and request.anonymizer:
        told = kept.transcripts.of(hosted.id, request.anonymizer)
        request = attrs.evolve(request, transcript=told)
    if not (product.with_target and request.anonymizer):
        return request
    split = request.split if product.same_split else None
    kinds = hosted.attacked_by(product)
    target = kept.target(hosted, request.anonymizer, whole=True, split=split, kinds=kinds)
    refuse_annulled(target)
    required_submission(target, split)
    return attrs.evolve(request, target=target)


def _reader(request: DataRequest) -> Subject:
    """Return who reads, as the query says."""
    if request.deanonymizer is None:
        return Subject(role=Role.ANONYMIZER, anonymizer=request.anonymizer or "")
    return Subject(
        role=Role.DEANONYMIZER,
        anonymizer=request.anonymizer or "",
        deanonymizer=request.deanonymizer,
    )


def requested_product(hosted: HostedChallenge, product: DataProduct, request: DataRequest) -> bytes:
    """Return the bytes of a product that depends on the request.

    Raises
    ------
    SubmissionRejected
        If the owner says that the request cannot be answered.
    ContractError
        If the owner provides something else than it declared.
    """
    return encoded(provided(hosted, product, request), product.schema)


def encoded(data: Any, schema: ProductSchema) -> bytes:
    """Return data as bytes, following its schema."""
    if isinstance(schema, ArraysSchema):
        return encode_npz(_arrays(data, schema))
    if isinstance(schema, TableSchema):
        return data if isinstance(data, bytes) else encode_parquet(data)
    return json.dumps(data, allow_nan=False).encode()


def _write(file: BinaryIO, data: Any, schema: ProductSchema) -> None:
    if isinstance(schema, ArraysSchema):
        write_npz(file, _arrays(data, schema))
    else:
        file.write(encoded(data, schema))


def _arrays(data: Mapping[str, np.ndarray], schema: ArraysSchema) -> dict[str, np.ndarray]:
    return {a.name: np.asarray(data[a.name], a.dtype) for a in schema.arrays}


def provided(hosted: HostedChallenge, product: DataProduct, request: DataRequest) -> Any:
    """Return what a product holds, before it is encoded.

    Raises
    ------
    ContractError
        If the owner provides something else than it declared.
    """

    def declared() -> Any:
        return product.data(request) if callable(product.data) else product.data

    # Extensions wrap what is declared as they wrap an answer; without data, its plugin is asked.
    hook = "anomed_provide_data"
    data = hosted.hook(hook, product.path).call_extra(
        [declared], {"challenge": hosted.challenge, "product": product, "request": request}
    )
    try:
        check_provided(data, product)
    except ContractError as error:
        error.add_note(hosted.blame(hook, product.path, product.data))
        raise
    return data


def check_provided(data: Any, product: DataProduct) -> None:
    """Refuse data that is not what its product declares.

    Raises
    ------
    ContractError
        If data is missing, an array has another shape, or a dtype that the declared one cannot
        hold.
    """
    if data is None:
        raise ContractError(f"anomed_provide_data returned None for {product.path}")
    if isinstance(data, Iterator):
        raise ContractError(
            f"the data of {product.path} are a {type(data).__name__}, which can be read once; "
            "return a list"
        )
    if isinstance(product.schema, ArraysSchema):
        check_arrays(data, product.schema, product.path, came="anomed_provide_data returned")


def check_arrays(data: Any, schema: ArraysSchema, whose: str, *, came: str) -> None:
    """Refuse what are not exactly the declared arrays.

    Parameters
    ----------
    data
        What was given.
    schema
        What was declared.
    whose
        Who declared it, for messages.
    came
        How what was given came, for messages.

    Raises
    ------
    ContractError
        If an array is missing, has another shape, or a dtype that the declared one cannot hold.
    """
    if not isinstance(data, Mapping):
        raise ContractError(f"{whose} declares arrays, but {came} {type(data).__name__}")
    for declared in schema.arrays:
        array = data.get(declared.name)
        if not isinstance(array, np.ndarray):
            raise ContractError(f"{whose} declares the array {declared.name!r}; it is missing")
        fits = len(array.shape) == len(declared.shape) and all(
            want is None or want == have
            for want, have in zip(declared.shape, array.shape, strict=True)
        )
        if not fits or not np.can_cast(array.dtype, declared.dtype or array.dtype, "safe"):
            raise ContractError(
                f"{whose} declares {declared.name!r} as {declared.dtype} of shape "
                f"{declared.shape}, but it is {array.dtype} of shape {array.shape}"
            )
