"""Distributions that offer something to plugins which are hosts, made where a test wants them."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

GROUP = "fake_host.generators"

Offer = Callable[..., None]
"""Called with distribution, module, its source and entry points by name; see `offer_in`."""


def offer_in(folder: Path, patch: pytest.MonkeyPatch) -> Offer:
    """Return a function that puts a distribution on the path, in place of an earlier version."""

    def offer(
        distribution: str, module: str, source: str, *, version: str = "1.0", **points: str
    ) -> None:
        root = folder / distribution
        shutil.rmtree(root, ignore_errors=True)
        info = root / f"{distribution}-{version}.dist-info"
        info.mkdir(parents=True)
        (root / f"{module}.py").write_text(source)
        lines = "".join(f"{name} = {target}\n" for name, target in points.items())
        (info / "entry_points.txt").write_text(f"[{GROUP}]\n{lines}")
        (info / "METADATA").write_text(
            f"Metadata-Version: 2.1\nName: {distribution}\nVersion: {version}\n"
        )
        patch.syspath_prepend(str(root))

    return offer
