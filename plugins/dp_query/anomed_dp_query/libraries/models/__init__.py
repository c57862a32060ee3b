"""Models with noise: an allow-list of DiffPrivLib's, each with public bounds."""

from anomed_dp_query.libraries.models.library import DiffPrivLib

__all__ = ["DiffPrivLib"]
