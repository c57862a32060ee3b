"""Get a product: from the cache if the server agrees, otherwise over the network."""

from __future__ import annotations

import logging
import shutil
from collections.abc import Mapping

from anomed_client.access import Access
from anomed_client.cache import Note, Places, places_of
from anomed_client.description import Product
from anomed_client.digests import is_intact
from anomed_client.downloads import Download, gone_with, temporary_places
from anomed_client.errors import UsageError
from anomed_client.transfer import Transfer

log = logging.getLogger("anomed_client")


def fetch(
    access: Access, product: Product, parameters: Mapping[str, str], *, force: bool = False
) -> Download:
    """Return a product as a file.

    Parameters
    ----------
    access
        Who asks what server.
    product, parameters
        What is asked for.
    force
        Whether it is downloaded again even if it is there.

    Raises
    ------
    AnomedClientError
        If it cannot be had, or arrives damaged twice.
    """
    if not product.static:
        return _made_for_us(access, product, parameters)
    who = access.me.name if access.me is not None else ""
    places = places_of(
        access.cache,
        owner=f"{access.calls.connection.url}\0{who}",
        fingerprint=access.description.fingerprint,
        path=product.path,
        parameters=parameters,
    )
    with places.locked():
        note = _kept(places, product)
        if access.calls.options.offline:
            return _offline(places, note, product)
        if force:
            places.drop_part()
            note = None
        transfer = _transfer(access, product, parameters, places)
        fresh = transfer.run(etag=note.etag if note is not None else "")
    if fresh is None and note is not None:
        return _download(places, note, from_cache=True)
    if fresh is None:
        raise AssertionError("not modified, although there was nothing")
    return _download(places, fresh, from_cache=False)


def _made_for_us(access: Access, product: Product, parameters: Mapping[str, str]) -> Download:
    """Fetch what is made for one request; it is not kept."""
    if access.calls.options.offline:
        raise UsageError(
            f"{product.path} is made for each request and is never kept; connect without offline."
        )
    places = temporary_places()
    try:
        note = _transfer(access, product, parameters, places).run()
    except BaseException:
        shutil.rmtree(places.folder, ignore_errors=True)
        raise
    if note is None:
        raise AssertionError("not modified, although nothing was there")
    return gone_with(_download(places, note, from_cache=False), places)


def _transfer(
    access: Access, product: Product, parameters: Mapping[str, str], places: Places
) -> Transfer:
    return Transfer(
        access.calls,
        product.path,
        parameters=parameters,
        name=product.name,
        places=places,
        declared=product.sha256 if product.static else None,
    )


def _kept(places: Places, product: Product) -> Note | None:
    """Return the note of a kept file that is as it was."""
    note = places.note()
    if note is None:
        return None
    if is_intact(places.data, size_bytes=note.size_bytes, sha256=note.sha256):
        return note
    log.warning("%s was damaged in the cache; it is downloaded again", product.path)
    places.drop()
    return None


def _offline(places: Places, note: Note | None, product: Product) -> Download:
    if note is None:
        raise UsageError(
            f"{product.path} was not downloaded before; connect without offline to fetch it."
        )
    return _download(places, note, from_cache=True)


def _download(places: Places, note: Note, *, from_cache: bool) -> Download:
    return Download(
        path=places.data,
        size_bytes=note.size_bytes or 0,
        sha256=note.sha256,
        verified=note.verified,
        from_cache=from_cache,
    )
