"""What a participant gets from a challenge: downloads of products, and dummy data of their form."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from anomed_client.asking import Asking
from anomed_client.description import Split
from anomed_client.downloads import (
    Arrays,
    Download,
    copied,
    read_arrays,
    read_document,
    read_table,
)
from anomed_client.dummy import dummy_of
from anomed_client.fetching import fetch

if TYPE_CHECKING:
    from pandas import DataFrame


class Downloading(Asking):
    """The part of a challenge that hands out data."""

    def download(
        self,
        product: str,
        to: Path | str | None = None,
        *,
        split: Split | None = None,
        target: str | None = None,
        force: bool = False,
        **parameters: str,
    ) -> Download:
        """Download a product as a file.

        Parameters
        ----------
        product
            Its path, or any unambiguous ending of it.
        to
            A file, or a folder that exists; ``None`` leaves it in the cache.
        split, target
            What it is for, where it depends on that.
        force
            Whether it is downloaded again even if it is there.
        **parameters
            Of the challenge's own.

        Raises
        ------
        AnomedClientError
            If it cannot be had.
        """
        found = self._access.product(product)
        query = self._access.parameters(found, split=split, target=target, more=parameters)
        download = fetch(self._access, found, query, force=force)
        if to is None:
            return download
        return copied(download, Path(to), name=f"{found.name}{found.schema.suffix}")

    def arrays(
        self,
        product: str,
        *,
        split: Split | None = None,
        target: str | None = None,
        force: bool = False,
        **parameters: str,
    ) -> Arrays:
        """Download and read arrays; see `download`."""
        return read_arrays(
            self.download(product, split=split, target=target, force=force, **parameters)
        )

    def table(
        self,
        product: str,
        *,
        split: Split | None = None,
        target: str | None = None,
        force: bool = False,
        **parameters: str,
    ) -> DataFrame:
        """Download and read a table, with the extra ``tables``; see `download`."""
        return read_table(
            self.download(product, split=split, target=target, force=force, **parameters)
        )

    def document(
        self,
        product: str,
        *,
        split: Split | None = None,
        target: str | None = None,
        force: bool = False,
        **parameters: str,
    ) -> Any:
        """Download and read a JSON document; see `download`."""
        return read_document(
            self.download(product, split=split, target=target, force=force, **parameters)
        )

    def dummy(self, product: str, *, seed: int = 0) -> Any:
        """Return data of a product's form that tell nothing about it; nothing is downloaded.

        Parameters
        ----------
        product
            As for `download`.
        seed
            Equal seeds give equal data.

        Returns
        -------
        Arrays or DataFrame

        Raises
        ------
        UsageError
            If the server does not declare what the product holds.
        """
        return dummy_of(self._access.product(product), seed=seed)
