"""The peers, each with the recipe of its environment."""

from __future__ import annotations

import attrs

from anomed_core.environments import Recipe


@attrs.frozen(kw_only=True)
class Peer:
    """A library to compare with: its name, the worker's file, and what pip installs for it."""

    name: str
    worker: str
    requirements: tuple[str, ...]

    @property
    def recipe(self) -> Recipe:
        """Return how it is installed."""
        name = self.worker.removesuffix(".py").replace("_", "-")
        return Recipe(name=name, install=(self.requirements,))


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
