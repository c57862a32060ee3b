"""Numbers of scores and attempts as participants are told them.

The ledger numbers all scores in one sequence, those of others and of the house included. Whoever
sees two numbers of their own would know how many others there are between them, and when rivals are
busy. So under tokens a number is told as another one, by a permutation that the secret decides:
always the same, in no order, and found back without being recorded.
"""

from __future__ import annotations

import functools
import hashlib
import hmac

import attrs

SCORES, ATTEMPTS = "scores", "attempts"
"""What is numbered; each has a permutation of its own."""

_HALF_BITS = 26
_HALF = (1 << _HALF_BITS) - 1
_LARGEST = (1 << 2 * _HALF_BITS) - 1
"""Numbers up to here are told apart; a JSON number holds them all without loss."""

_ROUNDS = 6
_MOST_REMEMBERED = 4096


@attrs.frozen
class ToldNumbers:
    """Tells numbers, and finds them back.

    Attributes
    ----------
    key
        Derived from the server's secret; ``None`` tells numbers as they are, which is AnoMed's own
        mode, where everybody may see everything.
    """

    key: bytes | None = attrs.field(repr=False)

    @classmethod
    def of_secret(cls, secret: bytes | None) -> ToldNumbers:
        """Return those of a server under tokens, or without a secret those of an open one."""
        return cls(None if secret is None else hmac.digest(secret, b"told numbers", "sha256"))

    def told(self, number: int, what: str = SCORES) -> int:
        """Return what stands for a number of the ledger."""
        return number if self.key is None else _permuted(self, number, what)

    def meant(self, told: int, what: str = SCORES) -> int:
        """Return the number of the ledger that something stands for.

        What nobody was told stands for a number, too, which hardly ever exists; beyond the largest
        one, for 0, which never does.
        """
        if self.key is None:
            return told
        if not 0 <= told <= _LARGEST:
            return 0
        left, right = told >> _HALF_BITS, told & _HALF
        for step in reversed(range(_ROUNDS)):
            left, right = right ^ self.mixed(left, step, what), left
        return left << _HALF_BITS | right

    def tag(self, text: str) -> str:
        """Return a digest of something that others must not find by trying."""
        return hmac.new(self.key or b"open", text.encode(), hashlib.sha256).hexdigest()

    def mixed(self, half: int, step: int, what: str) -> int:
        """Mix half a number, for one round of a Feistel network."""
        text = f"{what} {step} {half}".encode()
        digest = hmac.digest(self.key or b"", text, "sha256")
        return int.from_bytes(digest[:4], "big") & _HALF


@functools.lru_cache(maxsize=_MOST_REMEMBERED)
def _permuted(numbers: ToldNumbers, number: int, what: str) -> int:
    """Permute a number; a ranking tells the same thousands of them again and again."""
    left, right = number >> _HALF_BITS, number & _HALF
    for step in range(_ROUNDS):
        left, right = right, left ^ numbers.mixed(right, step, what)
    return left << _HALF_BITS | right
