"""Taking part over HTTP: what participants send and get, as data frames and dictionaries."""

import io
import json
from collections.abc import Mapping
from typing import Any

import attrs
import httpx
import numpy as np
import numpy.typing as npt
import pandas as pd

from anomed_dataset_synthesis.table.codebook import Codebook

_PATHS = {"anonymizer": "/utility/anonymizer", "deanonymizer": "/utility/deanonymizer"}


class RefusedError(RuntimeError):
    """Say why the server refused a request, in its own words.

    Attributes
    ----------
    status
        HTTP status.
    """

    def __init__(self, answer: httpx.Response) -> None:
        super().__init__(f"{answer.request.url.path} answered {answer.status_code}: {answer.text}")
        self.status = answer.status_code


@attrs.frozen
class Player:
    """Take part in one challenge.

    Attributes
    ----------
    client
        Knows where the challenge is, and who one is.

    Examples
    --------
    >>> import httpx
    >>> from anomed_dataset_synthesis.participation import Player
    >>> player = Player(httpx.Client(base_url="http://127.0.0.1:8000"))
    """

    client: httpx.Client

    def rules(self) -> dict[str, Any]:
        """Fetch the codebook and the rules that are published with it."""
        found: dict[str, Any] = self._get("/data/codebook").json()
        return found

    def codebook(self) -> Codebook:
        """Fetch the columns."""
        return Codebook.from_mapping({"columns": self.rules()["columns"]})

    def table(self, path: str, **query: str) -> pd.DataFrame:
        """Fetch a table, such as ``/data/background``."""
        content = self._get(path, **query).content
        return pd.read_parquet(io.BytesIO(content))

    def publish(
        self,
        anonymizer: str,
        table: pd.DataFrame | bytes,
        *,
        data_split: str,
        claim: Mapping[str, Any] | None = None,
    ) -> dict[str, float]:
        """Hand in a synthetic table, and what there is to say about it.

        Parameters
        ----------
        anonymizer
            Who one is.
        table
            The table, or a parquet file.
        data_split
            ``tuning`` or ``validation``.
        claim
            ``generator``, ``training_time_s``, and the keys of a claim of privacy.

        Returns
        -------
        dict of str to float
            The scores.

        Raises
        ------
        RefusedError
            If the server refuses.
        """
        parts = {"synthetic": ("", table if isinstance(table, bytes) else parquet(table))}
        if claim is not None:
            parts["claim"] = ("", json.dumps(claim).encode())
        query = {"anonymizer": anonymizer, "data_split": data_split}
        return self._post("anonymizer", query, files=parts)

    def attack(
        self,
        task: str,
        answer: npt.NDArray[Any] | pd.DataFrame | list[Any],
        *,
        anonymizer: str,
        deanonymizer: str,
        data_split: str,
    ) -> dict[str, float]:
        """Hand in what was found out.

        Parameters
        ----------
        task
            ``membership``, ``attributes``, ``links`` or ``singling-out``.
        answer : ndarray, DataFrame or list
            Scores or links, guesses, or predicates.
        anonymizer, deanonymizer, data_split
            Who is attacked by whom, in which round.

        Returns
        -------
        dict of str to float
            The scores.

        Raises
        ------
        RefusedError
            If the server refuses.
        """
        query = {
            "anonymizer": anonymizer,
            "deanonymizer": deanonymizer,
            "data_split": data_split,
            "task": task,
        }
        return self._post("deanonymizer", query, content=_encoded(answer))

    def _get(self, path: str, **query: str) -> httpx.Response:
        answer = self.client.get(path, params=query)
        if answer.status_code != httpx.codes.OK:
            raise RefusedError(answer)
        return answer

    def _post(self, role: str, query: Mapping[str, str], **body: Any) -> dict[str, float]:
        answer = self.client.post(_PATHS[role], params=query, **body)
        if answer.status_code != httpx.codes.CREATED:
            raise RefusedError(answer)
        metrics: dict[str, float] = answer.json()
        return metrics


def parquet(table: pd.DataFrame) -> bytes:
    """Return a data frame as a parquet file, without its index."""
    buffer = io.BytesIO()
    table.to_parquet(buffer, index=False)
    return buffer.getvalue()


def _encoded(answer: npt.NDArray[Any] | pd.DataFrame | list[Any]) -> bytes:
    if isinstance(answer, pd.DataFrame):
        return parquet(answer)
    if isinstance(answer, list):
        return json.dumps(answer).encode()
    buffer = io.BytesIO()
    np.savez(buffer, prediction=answer)
    return buffer.getvalue()
