"""Write what a Lomas server's administration says as files that ``anomed`` reads."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterable, Sequence

from anomed_dp_query.lomas.collections import LomasDataset, LomasUser


def configuration(
    challenge: str, datasets: Sequence[LomasDataset], users: Iterable[LomasUser]
) -> str:
    """Return the configuration of a challenge with these tables, budgets and names, as TOML."""
    lines = [
        "[server]",
        'auth = "tokens"',
        "",
        f"[challenges.{_key(challenge)}]",
        'type = "dp-query"',
    ]
    users = list(users)
    aliases = {user.name: user.id for user in users if user.name != user.id}
    if aliases:
        lines += ["", f"[challenges.{_key(challenge)}.aliases]"]
        lines += [f"{_key(name)} = {_text(own)}" for name, own in aliases.items()]
    for dataset in datasets:
        lines += ["", f"[challenges.{_key(challenge)}.datasets.{_key(dataset.name)}]"]
        lines += [
            f"source = {_text(f'csv:{dataset.path}')}",
            f"metadata = {_text(dataset.metadata_path)}",
            'unit = "as-lomas"',
        ]
    for user in users:
        for one in user.allowances:
            place = f"challenges.{_key(challenge)}.budgets.{_key(user.id)}.{_key(one.dataset)}"
            lines += ["", f"[{place}]", f"epsilon = {one.epsilon:f}", f"delta = {one.delta:f}"]
    return "\n".join(lines) + "\n"


def teams(challenge: str, users: Iterable[LomasUser]) -> str:
    """Return a file for ``anomed tokens import``: a team for each user."""
    return _table(
        ["team", "challenge", "role", "id"],
        [[user.id, challenge, "anonymizer", user.id] for user in users],
    )


def states(challenge: str, users: Iterable[LomasUser], account_of: dict[str, str]) -> str:
    """Return a file for ``anomed budgets import``: accounts of those who may not query, frozen."""
    return _table(
        ["challenge", "subject", "account", "state"],
        [
            [challenge, user.id, account_of[one.dataset], "frozen"]
            for user in users
            if not user.may_query
            for one in user.allowances
        ],
    )


def _table(header: list[str], rows: list[list[str]]) -> str:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerows([header, *rows])
    return text.getvalue()


def _key(name: str) -> str:
    return json.dumps(name, ensure_ascii=False)


def _text(value: str) -> str:
    return json.dumps(value, ensure_ascii=False)
