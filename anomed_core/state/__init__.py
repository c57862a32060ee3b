"""The cellar: what must outlive the process, and what is built once for all workers."""

from anomed_core.state.artifacts import Artifact, ArtifactStore, FrozenArrays
from anomed_core.state.choosing import store_at
from anomed_core.state.directory import DEFAULT_STATE, StateDirectory, is_there
from anomed_core.state.directory_store import DirectoryStore
from anomed_core.state.filed_bodies import FiledBodies
from anomed_core.state.payloads import PayloadStore
from anomed_core.state.stores import Store, StoredObject

__all__ = [
    "DEFAULT_STATE",
    "Artifact",
    "ArtifactStore",
    "DirectoryStore",
    "FiledBodies",
    "FrozenArrays",
    "PayloadStore",
    "StateDirectory",
    "Store",
    "StoredObject",
    "is_there",
    "store_at",
]
