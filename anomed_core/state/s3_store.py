"""A store behind the API of Amazon S3, which many storages speak; needs ``anomed-core[s3]``.

Where it is reached and who we are is boto3's own business: ``AWS_ENDPOINT_URL``, ``AWS_REGION``,
``AWS_ACCESS_KEY_ID`` and ``AWS_SECRET_ACCESS_KEY``, or files that these name. Keys are no part of
the URL, which is logged.
"""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any, BinaryIO

from anomed_core.errors import StoreError
from anomed_core.state.stores import Store, StoredObject

_PART_BYTES = 2**20
_MULTIPART_BYTES = 64 * 2**20
_CONNECT_TIMEOUT_S = 2.0
_READ_TIMEOUT_S = 10.0
_MOST_TRIES = 3
_MOST_CONNECTIONS = 32
_MISSING = {"NoSuchKey", "404"}
_EXISTS = {"PreconditionFailed", "ConditionalRequestConflict", "412", "409"}


class S3Store(Store):
    """See `Store`.

    Parameters
    ----------
    bucket
        Its name; it must be there.
    prefix
        How the keys of all objects begin; empty for the whole bucket.
    """

    def __init__(self, bucket: str, prefix: str = "") -> None:
        self._bucket = bucket
        self._prefix = f"{prefix.strip('/')}/" if prefix.strip("/") else ""
        self._making = threading.Lock()
        self._client_of: tuple[int, Any] | None = None

    def __repr__(self) -> str:
        return f"S3Store({self.url})"

    @property
    def url(self) -> str:
        """See `Store.url`."""
        return f"s3://{self._bucket}/{self._prefix}".rstrip("/")

    def put(self, name: str, content: bytes | Path) -> None:
        """See `Store.put`."""
        from boto3.s3.transfer import TransferConfig

        with self._told():
            if isinstance(content, bytes):
                self._client.put_object(**self._at(name), Body=content)
                return
            with content.open("rb") as file:
                # Threads of a transfer would not survive a fork.
                config = TransferConfig(use_threads=False, multipart_threshold=_MULTIPART_BYTES)
                self._client.upload_fileobj(
                    file, self._bucket, f"{self._prefix}{name}", Config=config
                )

    def create(self, name: str, content: bytes) -> bool:
        """See `Store.create`."""
        from botocore.exceptions import ClientError

        with self._told():
            try:
                self._client.put_object(**self._at(name), Body=content, IfNoneMatch="*")
            except ClientError as error:
                if _code(error) in _EXISTS:
                    return False
                raise
            return True

    def fetch(self, name: str, file: BinaryIO) -> float:
        """See `Store.fetch`."""
        with self._told(name):
            answer = self._client.get_object(**self._at(name))
            with closing(answer["Body"]) as body:
                file.writelines(body.iter_chunks(_PART_BYTES))
            return float(answer["LastModified"].timestamp())

    def find(self, prefix: str = "") -> Iterator[StoredObject]:
        """See `Store.find`."""
        pages = self._client.get_paginator("list_objects_v2").paginate(
            Bucket=self._bucket, Prefix=f"{self._prefix}{prefix}"
        )
        with self._told():
            for page in pages:
                for found in page.get("Contents", ()):
                    yield StoredObject(
                        name=found["Key"].removeprefix(self._prefix),
                        size_bytes=found["Size"],
                        modified_at=found["LastModified"].timestamp(),
                    )

    def remove(self, name: str) -> None:
        """See `Store.remove`."""
        with self._told():
            self._client.delete_object(**self._at(name))

    def remove_unfinished(self, *, older_than_s: float) -> int:
        """See `Store.remove_unfinished`: of uploads in parts, the parts stay until then."""
        oldest, n_removed = time.time() - older_than_s, 0
        pages = self._client.get_paginator("list_multipart_uploads").paginate(
            Bucket=self._bucket, Prefix=self._prefix
        )
        with self._told():
            for page in pages:
                for upload in page.get("Uploads", ()):
                    if upload["Initiated"].timestamp() < oldest:
                        self._client.abort_multipart_upload(
                            Bucket=self._bucket, Key=upload["Key"], UploadId=upload["UploadId"]
                        )
                        n_removed += 1
        return n_removed

    def _at(self, name: str) -> dict[str, str]:
        return {"Bucket": self._bucket, "Key": f"{self._prefix}{name}"}

    @property
    def _client(self) -> Any:
        """The client of this process, made when it is needed first."""
        with self._making:
            if self._client_of is None or self._client_of[0] != os.getpid():
                self._client_of = (os.getpid(), _new_client())
            return self._client_of[1]

    @contextmanager
    def _told(self, name: str = "") -> Iterator[None]:
        """Turn boto3's errors, which are no `OSError`, into our words."""
        from boto3.exceptions import Boto3Error
        from botocore.exceptions import BotoCoreError, ClientError

        try:
            yield
        except ClientError as error:
            if name and _code(error) in _MISSING:
                raise FileNotFoundError(f"{self.url} has no {name}") from error
            raise StoreError(reason=f"{self.url}: {_code(error)}: {error}") from error
        except (BotoCoreError, Boto3Error) as error:
            raise StoreError(reason=f"{self.url}: {error}") from error


def _code(error: Any) -> str:
    return str(error.response.get("Error", {}).get("Code", ""))


def _new_client() -> Any:
    import boto3
    from botocore.config import Config

    # A session of its own: the default one is shared, and no two threads may make clients of it.
    return boto3.session.Session().client(
        "s3",
        config=Config(
            connect_timeout=_CONNECT_TIMEOUT_S,
            read_timeout=_READ_TIMEOUT_S,
            retries={"total_max_attempts": _MOST_TRIES, "mode": "standard"},
            max_pool_connections=_MOST_CONNECTIONS,
            # Storages that only speak the API may refuse checksums that they do not know.
            request_checksum_calculation="when_required",
            response_checksum_validation="when_required",
        ),
    )
