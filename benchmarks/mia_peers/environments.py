"""Environments of the peers: one each, made once under a cache directory."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import attrs


@attrs.frozen(kw_only=True)
class Peer:
    """A library to compare with: its name, the worker's file, and what pip installs for it."""

    name: str
    worker: str
    requirements: tuple[str, ...]


PEERS = (
    Peer(
        name="ART 1.20.1",
        worker="peer_art.py",
        # packaging is imported, but not declared.
        requirements=("adversarial-robustness-toolbox==1.20.1", "packaging"),
    ),
    Peer(
        name="SACRO-ML 2.0.1",
        worker="peer_sacroml.py",
        requirements=("sacroml==2.0.1",),
    ),
    Peer(
        name="jax_privacy 2.0.0",
        worker="peer_jax_privacy.py",
        requirements=("jax_privacy==2.0.0",),
    ),
)

#: Its attacks are in no published wheel; the versions are those it was measured with.
TENSORFLOW_PRIVACY = Peer(
    name="TensorFlow Privacy",
    worker="peer_tensorflow_privacy.py",
    requirements=(
        "immutabledict",
        "matplotlib",
        "numpy==2.4.6",
        "pandas",
        "scikit-learn==1.9.1",
        "scipy==1.17.1",
        "statsmodels",
    ),
)


def python_of(peer: Peer, *, cache: Path) -> Path:
    """Return the interpreter of a peer's environment, made and filled if it is not there yet."""
    directory = cache / peer.worker.removesuffix(".py")
    python, finished = directory / "bin" / "python", directory / "requirements.txt"
    wanted = "\n".join(peer.requirements)
    if not finished.exists() or finished.read_text() != wanted:
        print(f"making an environment for {peer.name} in {directory}", file=sys.stderr)
        subprocess.run([sys.executable, "-m", "venv", "--clear", directory], check=True)
        subprocess.run([python, "-m", "pip", "install", "-q", *peer.requirements], check=True)
        finished.write_text(wanted)
    return python
