"""Pipelines of OpenDP as opendp_logger writes them: read, typed, and then built by us."""

from anomed_dp_query.libraries.opendp.pipelines.building import Built, build
from anomed_dp_query.libraries.opendp.pipelines.reading import Pipeline, read_pipeline

__all__ = ["Built", "Pipeline", "build", "read_pipeline"]
