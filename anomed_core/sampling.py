"""The lottery: draws that participants can neither foresee nor influence.

Every draw is keyed by HMAC-SHA256 (RFC 2104) of a secret over the length-prefixed purpose and ids,
which seeds NumPy's Philox counter generator (Salmon et al. 2011, doi:10.1145/2063384.2063405). Only
the raw 64-bit words of the bit generator are used: NumPy guarantees their stream across releases
(NEP 19), which it does not for ``Generator`` methods. So all workers, replicas and later releases
draw the same.
"""

from __future__ import annotations

import hashlib
import hmac

import numpy as np
import numpy.typing as npt

Indices = npt.NDArray[np.int64]


class Lottery:
    """Keyed, reproducible draws.

    Parameters
    ----------
    secret
        At least 16 bytes that participants do not know.
    scope
        What the draws are for, such as the id of a challenge: other scopes draw independently.

    Examples
    --------
    >>> lottery = Lottery(b"0123456789abcdef", scope="iris")
    >>> members, rest = lottery.partition(10, (4, 6), "pools")
    >>> len(members), len(rest), len(set(members) | set(rest))
    (4, 6, 10)
    >>> bool((lottery.sample(100, 3, "a", "bc") == lottery.sample(100, 3, "ab", "c")).all())
    False
    """

    def __init__(self, secret: bytes, scope: str) -> None:
        if len(secret) < 16:
            raise ValueError(f"the secret must have at least 16 bytes, got {len(secret)}")
        self._key = hmac.digest(secret, _length_prefixed("scope", scope), "sha256")

    @classmethod
    def seeded(cls, seed: int, scope: str) -> Lottery:
        """Build a lottery that everyone who knows the seed can repeat, for tests and papers.

        Parameters
        ----------
        seed
            Any integer.
        scope
            As in the constructor.

        Returns
        -------
        Lottery
            Equal for equal seeds and scopes.
        """
        return cls(hashlib.sha256(f"seed:{seed}".encode()).digest(), scope)

    @property
    def fingerprint(self) -> str:
        """Hexadecimal digest that tells two lotteries apart without giving the secret away."""
        return hmac.new(self._key, _length_prefixed("fingerprint"), "sha256").hexdigest()

    def bits(self, purpose: str, *ids: str) -> np.random.Philox:
        """Return the bit generator of one draw.

        Parameters
        ----------
        purpose
            What is drawn.
        *ids
            Whom it is drawn for. Lengths are part of the key: ``("a", "bc")`` and ``("ab", "c")``
            draw independently.

        Returns
        -------
        numpy.random.Philox
            Fresh, at the start of its stream.
        """
        digest = hmac.digest(self._key, _length_prefixed("draw", purpose, *ids), "sha256")
        return np.random.Philox(key=int.from_bytes(digest[:16], "little"))

    def generator(self, purpose: str, *ids: str) -> np.random.Generator:
        """Return a generator for numerics that need not be equal across NumPy releases."""
        return np.random.Generator(self.bits(purpose, *ids))

    def permutation(self, n: int, purpose: str, *ids: str) -> Indices:
        """Draw a uniform permutation of ``range(n)``.

        Parameters
        ----------
        n
            Number of elements.
        purpose, *ids
            As in `bits`.

        Returns
        -------
        ndarray of int64, shape (n,)
            In O(n log n): positions sorted by random 64-bit keys. Equal keys (probability below
            ``n**2 / 2**65``) keep their order.
        """
        return np.argsort(self.bits(purpose, *ids).random_raw(n), kind="stable")

    def partition(self, n: int, sizes: tuple[int, ...], purpose: str, *ids: str) -> list[Indices]:
        """Draw disjoint subsets of ``range(n)`` that together cover it.

        Parameters
        ----------
        n
            Number of elements.
        sizes
            Size of each subset; they must add up to `n`.
        purpose, *ids
            As in `bits`.

        Returns
        -------
        list of ndarray of int64
            One array per size, in random order.

        Raises
        ------
        ValueError
            If the sizes are negative or do not add up.
        """
        if sum(sizes) != n or any(size < 0 for size in sizes):
            raise ValueError(f"sizes {sizes} must be non-negative and add up to {n}")
        order = self.permutation(n, purpose, *ids)
        return np.split(order, np.cumsum(sizes)[:-1])

    def sample(self, n: int, k: int, purpose: str, *ids: str) -> Indices:
        """Draw `k` of ``range(n)`` without replacement, in random order.

        Costs O(k log k), not O(n): values are drawn with replacement and repetitions are dropped,
        which yields the same distribution; only samples of more than half take a permutation.

        Parameters
        ----------
        n
            Size of the population.
        k
            Size of the sample, ``0 <= k <= n``.
        purpose, *ids
            As in `bits`.

        Returns
        -------
        ndarray of int64, shape (k,)
            Distinct values.

        Raises
        ------
        ValueError
            If `k` is negative or larger than `n`.
        """
        if not 0 <= k <= n:
            raise ValueError(f"cannot draw {k} of {n}")
        if 2 * k > n:
            return self.permutation(n, purpose, *ids)[:k]
        bits = self.bits(purpose, *ids)
        drawn = np.empty(0, dtype=np.int64)
        while len(drawn) < k:
            fresh = _uniform_below(bits, n, 2 * (k - len(drawn)) + 8)
            drawn = np.concatenate((drawn, fresh))
            _, first = np.unique(drawn, return_index=True)
            drawn = drawn[np.sort(first)]
        return drawn[:k]


def _uniform_below(bits: np.random.Philox, n: int, size: int) -> Indices:
    """Draw about `size` uniform integers below `n`; the few words that would bias are dropped."""
    words = bits.random_raw(size)
    largest_unbiased = np.uint64((2**64 // n) * n - 1)
    return (words[words <= largest_unbiased] % np.uint64(n)).astype(np.int64)


def _length_prefixed(*parts: str) -> bytes:
    for part in parts:
        if not isinstance(part, str):
            raise TypeError(
                f"purposes and ids of draws are text, got {part!r} of type {type(part).__name__}; "
                "write str(...) around it"
            )
    encoded = [part.encode() for part in parts]
    return b"".join(len(part).to_bytes(8, "little") + part for part in encoded)
