"""What is known about a challenge without asking again."""

from __future__ import annotations

from collections.abc import Mapping

from anomed_client.access import Access, Identity, Server
from anomed_client.description import (
    Description,
    Kind,
    Limits,
    Operation,
    Phase,
    Product,
    Quotas,
)
from anomed_client.pages import description_html


class Described:
    """The part of a challenge that needs no network."""

    def __init__(self, access: Access) -> None:
        self._access = access

    def __repr__(self) -> str:
        name = self.me.name if self.me is not None else None
        return f"Challenge({self.id!r}, url={self.url!r}, name={name!r})"

    def _repr_html_(self) -> str:
        return description_html(self._access.description)

    @property
    def id(self) -> str:
        """Identifier on its server."""
        return self._access.description.id

    @property
    def title(self) -> str:
        """A few words for people."""
        return self._access.description.title

    @property
    def type(self) -> str:
        """Name of the type of challenge."""
        return self._access.description.type

    @property
    def url(self) -> str:
        """Where it is, without user info."""
        return self._access.calls.connection.url

    @property
    def server(self) -> Server:
        """What answers there."""
        return self._access.server

    @property
    def me(self) -> Identity | None:
        """Who takes part: the token's holder, or the name given to `connect`."""
        return self._access.me

    @property
    def products(self) -> Mapping[str, Product]:
        """What can be downloaded, by path or by any ending of it that is unambiguous."""
        return self._access.description.products

    @property
    def kinds(self) -> Mapping[str, Kind]:
        """What can be submitted, by name."""
        return self._access.description.kinds

    @property
    def operations(self) -> Mapping[str, Operation]:
        """What can be called, by name."""
        return self._access.description.operations

    @property
    def phases(self) -> Mapping[str, Phase]:
        """When submissions are taken, by split."""
        return self._access.description.phases

    @property
    def quotas(self) -> Quotas | None:
        """How many tuning attempts there are; ``None`` if they are not limited, or not told."""
        return self._access.description.quotas

    @property
    def limits(self) -> Limits:
        """What the server allows."""
        return self._access.description.limits

    def supports(self, feature: str) -> bool:
        """Return whether the server has a feature, such as ``ranking`` or ``targets``."""
        return feature in self.server.features

    def describe(self) -> Description:
        """Return what the server says about the challenge; printed, it is a page of text."""
        return self._access.description
