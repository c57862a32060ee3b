"""A generator that somebody serves over HTTP: table in, synthetic table out."""

import io
import json

import attrs
import httpx
import numpy as np
import pandas as pd
from attrs import validators

from anomed_core.environments import ForeignLibraryError
from anomed_dataset_synthesis.dp.accounting import Guarantee
from anomed_dataset_synthesis.table.canonical import canonicalise, to_frame
from anomed_dataset_synthesis.table.codebook import Codebook


@attrs.frozen(kw_only=True)
class ServedGenerator:
    """Ask a server to learn from a table and to sample, in one request.

    The request is a POST of ``multipart/form-data`` with the parts ``table`` (parquet),
    ``codebook`` (JSON), ``n_records`` and ``seed`` (numbers as text); the answer is 200 or 201 with
    a parquet file. The server must keep nothing between two requests.

    Attributes
    ----------
    name
        Short name for tables of results.
    url
        Where to post to. It is given private records: name servers of your own only.
    guarantee
        What the generator is said to keep.
    timeout_s
        Time limit of a request.
    """

    name: str
    url: str = attrs.field(validator=validators.matches_re(r"https?://[^\s@]+"))
    guarantee: Guarantee | None = None
    timeout_s: float = attrs.field(default=60.0, validator=validators.gt(0.0))

    def fit(
        self,
        table: pd.DataFrame,
        codebook: Codebook,
        *,
        rng: np.random.Generator,  # noqa: ARG002 - part of the interface; the seed goes with samples
    ) -> "FittedServedGenerator":
        """Keep the records until a sample is asked for. See `Generator.fit`."""
        buffer = io.BytesIO()
        to_frame(canonicalise(table, codebook)).to_parquet(buffer, index=False)
        return FittedServedGenerator(generator=self, codebook=codebook, table=buffer.getvalue())


@attrs.frozen(kw_only=True)
class FittedServedGenerator:
    """Post the records and take what comes back.

    Attributes
    ----------
    generator
        Where to post to.
    codebook
        The columns.
    table
        The records, as parquet.
    """

    generator: ServedGenerator
    codebook: Codebook
    table: bytes = attrs.field(repr=False)

    @property
    def guarantee(self) -> Guarantee | None:
        """Return what the generator is said to keep."""
        return self.generator.guarantee

    def sample(self, n_records: int, *, rng: np.random.Generator) -> pd.DataFrame:
        """Fit and sample in one request. See `FittedGenerator.sample`.

        Raises
        ------
        ForeignLibraryError
            If the server cannot be reached or answers anything but a fitting table.
        """
        name, url = self.generator.name, self.generator.url
        parts = {
            "table": self.table,
            "codebook": json.dumps(self.codebook.to_mapping()).encode(),
            "n_records": str(n_records).encode(),
            "seed": str(int(rng.integers(2**31))).encode(),
        }
        try:
            answer = httpx.post(
                url,
                files={part: ("", content) for part, content in parts.items()},
                timeout=self.generator.timeout_s,
                follow_redirects=False,
            )
            answer.raise_for_status()
            found = pd.read_parquet(io.BytesIO(answer.content))
            synthetic = canonicalise(found, self.codebook)
        except (httpx.HTTPError, OSError, ValueError) as error:
            raise ForeignLibraryError(f"{name} at {url} gave no table: {error}") from error
        if len(synthetic) != n_records:
            raise ForeignLibraryError(
                f"{name} at {url} gave {len(synthetic)} records where {n_records} were asked for"
            )
        return to_frame(synthetic)
