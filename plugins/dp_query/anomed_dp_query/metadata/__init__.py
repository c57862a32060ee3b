"""What is public about a hidden table: read from two formats, written in two."""

from anomed_dp_query.metadata.csvw import csvw_document, read_csvw
from anomed_dp_query.metadata.fitting import Fitted, fit
from anomed_dp_query.metadata.from_codebook import metadata_of
from anomed_dp_query.metadata.model import Column, Kind, MetadataError, TableMetadata
from anomed_dp_query.metadata.reading import read_metadata
from anomed_dp_query.metadata.smartnoise import read_smartnoise, smartnoise_document

__all__ = [
    "Column",
    "Fitted",
    "Kind",
    "MetadataError",
    "TableMetadata",
    "csvw_document",
    "fit",
    "metadata_of",
    "read_csvw",
    "read_metadata",
    "read_smartnoise",
    "smartnoise_document",
]
