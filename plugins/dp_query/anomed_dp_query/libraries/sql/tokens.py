"""Cut a query into words, and refuse whatever is none."""

from __future__ import annotations

import re
from typing import NoReturn

import attrs

from anomed_dp_query.libraries.library import QueryRefused

NAME = "smartnoise_sql"
"""What Lomas calls the library."""

_LONGEST = 10_000
_MOST_WORDS = 1_000
_WORD = re.compile(
    r"\s*(?:(?P<number>\d+(?:\.\d+)?(?:[eE][+-]?\d{1,3})?)|(?P<name>[A-Za-z_]\w*)"
    r"|'(?P<text>[^'\\\x00-\x1f]*)'|(?P<sign><=|>=|<>|!=|[=<>(),*.+-]))",
    re.ASCII,
)


def refuse(sentence: str) -> NoReturn:
    """Refuse a query, in the way of the library's own complaints."""
    raise QueryRefused(f"Error obtaining cost: {sentence}", NAME)


@attrs.frozen
class Word:
    """A name, a number, a text or a sign."""

    kind: str
    value: str


class Words:
    """The words of a query, read from left to right."""

    def __init__(self, query: object) -> None:
        if not isinstance(query, str) or len(query) > _LONGEST:
            refuse(f"query_str must be a text of at most {_LONGEST} characters")
        self._words: list[Word] = []
        place, end = 0, len(query.rstrip())
        while place < end:
            found = _WORD.match(query, place)
            if found is None or found.lastgroup is None:
                refuse(
                    f"Bad token {query[place : place + 20].strip()!r}; names, numbers, 'texts' and "
                    "= <> < <= > >= are allowed, and neither comments nor semicolons"
                )
            self._words.append(Word(found.lastgroup, found[found.lastgroup]))
            place = found.end()
            if self._words[-1].value == "-" and query[place : place + 1] == "-":
                refuse("Bad token '--'; comments are not allowed")
        if len(self._words) > _MOST_WORDS:
            refuse(f"the query has more than {_MOST_WORDS} words; ask for less at once")
        self._place = 0

    @property
    def next(self) -> Word:
        """The next word; an empty name at the end."""
        return self._words[self._place] if self._place < len(self._words) else Word("end", "")

    def take(self) -> Word:
        """Return the next word and go on."""
        word = self.next
        self._place += 1
        return word

    def has(self, *keys: str) -> bool:
        """Take these words if they come next, in capitals or not."""
        words = self._words[self._place : self._place + len(keys)]
        if [word.value.upper() if word.kind in {"name", "sign"} else "" for word in words] != list(
            keys
        ):
            return False
        self._place += len(keys)
        return True

    def need(self, *keys: str) -> None:
        """Take these words, or refuse the query."""
        if not self.has(*keys):
            refuse(f"expected {' '.join(keys)}, got {self.next.value[:40]!r}")
