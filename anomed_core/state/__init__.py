"""The cellar: what must outlive the process, and what is built once for all workers."""

from anomed_core.state.artifacts import Artifact, ArtifactStore, FrozenArrays
from anomed_core.state.directory import DEFAULT_STATE, StateDirectory, is_there

__all__ = [
    "DEFAULT_STATE",
    "Artifact",
    "ArtifactStore",
    "FrozenArrays",
    "StateDirectory",
    "is_there",
]
