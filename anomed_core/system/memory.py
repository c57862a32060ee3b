"""Make the C library give large blocks back to the system as soon as they are free."""

from __future__ import annotations

import ctypes
import sys

# Parameters of mallopt(3), as malloc.h numbers them.
_M_TRIM_THRESHOLD = -1
_M_MMAP_THRESHOLD = -3
_M_ARENA_MAX = -8
_BLOCK_BYTES = 2**18


def return_memory_promptly() -> None:
    """Allocate blocks from 256 KiB on by mapping, and keep only two arenas for the rest.

    By default glibc raises its mapping threshold to the largest block it has freed (up to 32 MiB)
    and gives every few threads an arena of their own, so that a server with many threads keeps the
    memory of its largest requests many times over. Does nothing where there is no ``mallopt``
    (mallopt(3)).
    """
    if not sys.platform.startswith("linux"):
        return
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt is None:
        return
    mallopt(_M_MMAP_THRESHOLD, _BLOCK_BYTES)
    mallopt(_M_TRIM_THRESHOLD, _BLOCK_BYTES)
    mallopt(_M_ARENA_MAX, 2)
