"""Download products."""

from __future__ import annotations

import io
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import click

from anomed_client.challenge import Challenge
from anomed_client.cli.call import Call, assignments, command
from anomed_client.errors import UsageError
from anomed_client.payloads import npz_of


@click.argument("product", required=False)
@click.option("--to", type=click.Path(path_type=Path), help="File or folder to write.")
@click.option("--split", type=click.Choice(["tuning", "validation"]))
@click.option("--target", help="The anonymizer under attack.")
@click.option("--dummy", "seed", type=int, help="Write data of the same form, drawn by this seed.")
@click.option("--force", is_flag=True, help="Download again.")
@click.option("--with", "parameters", multiple=True, metavar="NAME=VALUE", help="A parameter.")
def _data(call: Call, product: str | None, to: Path | None, seed: int | None, **given: Any) -> None:
    """Download PRODUCT, or list what there is."""
    challenge = call.connect()
    if product is None:
        _list(call, challenge)
        return
    if seed is not None:
        place = _write_dummy(challenge, product, to, seed)
        call.show(["file"], [[place]], {"path": str(place)})
        return
    found = challenge.download(
        product,
        to or Path(),
        split=given["split"],
        target=given["target"],
        force=given["force"],
        **assignments(given["parameters"], "--with"),
    )
    told = {
        "path": str(found.path),
        "size_bytes": found.size_bytes,
        "sha256": found.sha256,
        "verified": found.verified,
        "from_cache": found.from_cache,
    }
    call.show(list(told), [list(told.values())], told)


def _list(call: Call, challenge: Challenge) -> None:
    products = challenge.products.values()
    told = [
        {
            "path": product.path,
            "for": list(product.audience),
            "size_bytes": product.size_bytes,
            "description": product.description,
        }
        for product in products
    ]
    rows = [[p.path, ", ".join(p.audience), p.size_bytes, p.description] for p in products]
    call.show(["product", "for", "bytes", "what"], rows, told)


def _write_dummy(challenge: Challenge, product: str, to: Path | None, seed: int) -> Path:
    drawn = challenge.dummy(product, seed=seed)
    declared = challenge.products[product]
    place = to or Path()
    if place.is_dir():
        place /= f"dummy-{declared.name}{declared.schema.suffix}"
    try:
        place.write_bytes(_encoded(drawn))
    except OSError as error:
        raise UsageError(f"{place} cannot be written: {error.strerror}.") from error
    return place


def _encoded(drawn: Any) -> bytes:
    if isinstance(drawn, Mapping):
        return npz_of(drawn)
    buffer = io.BytesIO()
    if hasattr(drawn, "to_parquet"):
        drawn.to_parquet(buffer, index=False)
        return buffer.getvalue()
    return json.dumps(drawn).encode()


data = command("data")(_data)
