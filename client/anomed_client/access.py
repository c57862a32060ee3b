"""One participant's access to one challenge: what all methods share."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from anomed_client.calls import Calls
from anomed_client.description import ByEnding, Description, Kind, Operation, Product, Split
from anomed_client.errors import NotSupported, UsageError

Asked = Product | Kind | Operation
"""What a request may be about."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Server:
    """What answers.

    Attributes
    ----------
    core_version, api
        ``None`` for the published server.
    published
        Whether it is anomed-challenge as published on PyPI.
    features
        What it can, where that differs between versions.
    """

    core_version: str | None = None
    api: int | None = None
    published: bool = False
    features: frozenset[str] = frozenset()

    def __str__(self) -> str:
        if self.published:
            return "the published anomed-challenge server"
        return f"anomed-core {self.core_version or 'of unknown version'}"


@dataclass(frozen=True, kw_only=True, slots=True)
class Identity:
    """Who takes part.

    Attributes
    ----------
    name
        Identifier.
    role
        ``anonymizer``, ``deanonymizer`` or ``organiser``; empty where no token says so.
    names
        Identifiers by role, where a token grants several roles.
    """

    name: str
    role: str = ""
    names: Mapping[str, str] = field(default_factory=dict)

    def name_as(self, role: str) -> str:
        """Return the identifier in a role."""
        return self.names.get(role, self.name)


@dataclass(frozen=True, kw_only=True, slots=True)
class Access:
    """Everything that a challenge's methods need.

    Attributes
    ----------
    calls
        To the challenge.
    description
        Of the challenge.
    server
        What answers.
    me
        Who takes part; ``None`` for nobody.
    cache
        Folder of downloads.
    n_rows
        How many rows were downloaded, by path and parameters, for comparisons before sending.
    """

    calls: Calls
    description: Description
    server: Server
    me: Identity | None
    cache: Path
    n_rows: dict[tuple[str, tuple[tuple[str, str], ...]], int] = field(default_factory=dict)

    def require(self, feature: str, what: str, *, instead: str = "") -> None:
        """Refuse what this server cannot do.

        Raises
        ------
        NotSupported
        """
        if feature not in self.server.features:
            remedy = f" {instead}" if instead else " Ask the organiser for a newer server."
            raise NotSupported(
                f"This server, {self.server}, cannot tell {what}.{remedy}", feature=feature
            )

    def product(self, key: str) -> Product:
        """Return a product by its path, or by any ending that one path alone has.

        Raises
        ------
        UsageError
            With the nearest names.
        """
        products = self.description.products
        if key in products:
            return products[key]
        if isinstance(products, ByEnding) and len(found := products.endings(key)) > 1:
            raise UsageError(f"{key!r} may be {' or '.join(found)}; write more of it.")
        raise UsageError(f"There is no product {key!r}{nearest(key, _endings(products))}")

    def kind(self, name: str | None, *, role: str) -> Kind:
        """Return a submission kind by its name; without one, the only one of a role.

        What an extension has added must be named: programs that know nothing of it run on.

        Raises
        ------
        UsageError
            With the kinds there are.
        """
        kinds = self.description.kinds
        if name is not None:
            if name in kinds:
                return kinds[name]
            raise UsageError(f"There is no submission kind {name!r}{nearest(name, kinds)}")
        fitting = [kind for kind in kinds.values() if kind.submitter == role]
        of_type = [kind for kind in fitting if kind.extension is None]
        if len(of_type or fitting) == 1:
            return (of_type or fitting)[0]
        listed = "; ".join(f"{kind.name}: {kind.description}" for kind in fitting or kinds.values())
        number = "several kinds" if fitting else "no kind"
        raise UsageError(f"There are {number} for the role {role}; say kind=. {listed}")

    def operation(self, name: str) -> Operation:
        """Return an operation by its name.

        Raises
        ------
        UsageError
            With the nearest names.
        """
        operations = self.description.operations
        if name not in operations:
            raise UsageError(f"There is no operation {name!r}{nearest(name, operations)}")
        return operations[name]

    def parameters(
        self,
        asked: Asked,
        *,
        split: Split | None,
        target: str | None,
        more: Mapping[str, str],
    ) -> dict[str, str]:
        """Return the query of a request.

        Parameters
        ----------
        asked
            What it is about.
        split, target
            Of the caller.
        more
            Parameters of the challenge's own.

        Raises
        ------
        UsageError
            If something is missing that the request requires, or has a value that is not allowed.
        """
        chosen = dict(more)
        if target is not None and asked.takes("anonymizer"):
            chosen.setdefault("anonymizer", target)
        if split is not None and asked.takes("data_split"):
            chosen.setdefault("data_split", split)
        for name, own in self._own_ids(asked, target).items():
            if asked.takes(name):
                chosen.setdefault(name, own)
        self._check(asked, chosen)
        return chosen

    def _own_ids(self, asked: Asked, target: str | None) -> dict[str, str]:
        if self.me is None:
            return {}
        role = "deanonymizer" if target is not None or asked.takes("deanonymizer") else "anonymizer"
        if target is None and isinstance(asked, Operation) and asked.takes(self.me.role):
            role = self.me.role  # some are called by both
        return {role: self.me.name_as(role)}

    def _check(self, asked: Asked, chosen: Mapping[str, str]) -> None:
        declared = {parameter.name: parameter for parameter in asked.parameters}
        for name, value in chosen.items():
            if name not in declared:
                raise UsageError(f"{asked.path} has no parameter {name!r}{nearest(name, declared)}")
            choices = declared[name].choices
            if choices and value not in choices:
                raise UsageError(f"{name} is {value!r}; allowed are {', '.join(choices)}.")
        for name, parameter in declared.items():
            if parameter.required and not chosen.get(name):
                raise UsageError(f"{asked.path} needs {_how_to_say(name, asked)}.")


_SAID_AS = {
    "data_split": 'split="tuning" or split="validation"',
    "anonymizer": "an anonymizer: attack(target), or target=; your own name is that of connect()",
    "deanonymizer": 'a name: connect(..., name="...")',
}


def _how_to_say(name: str, asked: Asked) -> str:
    if name == "anonymizer" and not asked.takes("deanonymizer"):
        return 'an anonymizer: target=, or a name of your own, connect(..., name="...")'
    return _SAID_AS.get(name, f"{name}=")


def _endings(products: Iterable[str]) -> list[str]:
    return [ending for path in products for ending in (path, path.rpartition("/")[2])]


def nearest(name: str, known: Iterable[str]) -> str:
    """Return the end of a sentence that names what was perhaps meant.

    Examples
    --------
    >>> nearest("leeky", ["leaky", "schema"])
    '; did you mean leaky? There are leaky, schema.'
    """
    names = sorted(known)
    listed = f"There are {', '.join(names)}." if names else "There are none."
    found = difflib.get_close_matches(name, names, n=1)
    return f"; did you mean {found[0]}? {listed}" if found else f". {listed}"
