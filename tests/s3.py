"""A server on loopback that speaks the API of Amazon S3, with everything in its memory."""

import os
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import pytest

from tests.e2e.processes import LOOPBACK, free_port

KEYS = {
    "AWS_ACCESS_KEY_ID": "key",
    "AWS_SECRET_ACCESS_KEY": "secret",
    "AWS_REGION": "us-east-1",
    "AWS_DEFAULT_REGION": "us-east-1",
    "AWS_EC2_METADATA_DISABLED": "true",
}
START_TIMEOUT_S = 60.0
_ENVIRONMENT = pytest.StashKey[Mapping[str, str]]()


@contextmanager
def running_s3() -> Iterator[dict[str, str]]:
    """Run a server until the block ends; yield the variables that lead to it."""
    port = free_port()
    environment = {**KEYS, "AWS_ENDPOINT_URL": f"http://{LOOPBACK}:{port}"}
    server = subprocess.Popen(
        [sys.executable, "-m", "moto.server", "-H", LOOPBACK, "-p", str(port)],
        env={**os.environ, **KEYS},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        _wait(environment)
        yield environment
    finally:
        server.terminate()
        server.wait(30)


def client_of(environment: Mapping[str, str]) -> Any:
    """Return a client of a running server."""
    import boto3

    return boto3.session.Session(
        aws_access_key_id=environment["AWS_ACCESS_KEY_ID"],
        aws_secret_access_key=environment["AWS_SECRET_ACCESS_KEY"],
        region_name=environment["AWS_REGION"],
    ).client("s3", endpoint_url=environment["AWS_ENDPOINT_URL"])


def new_bucket(environment: Mapping[str, str]) -> str:
    """Make a bucket, and return its URL."""
    name = f"anomed-{os.urandom(6).hex()}"
    client_of(environment).create_bucket(Bucket=name)
    return f"s3://{name}"


@pytest.fixture(scope="session")
def s3(request: pytest.FixtureRequest) -> Mapping[str, str]:
    """Return the variables that lead to a running server, the same one for all tests."""
    pytest.importorskip("boto3", reason="the extra s3 is not installed")
    pytest.importorskip("moto", reason="moto is not installed")
    config = request.config
    if _ENVIRONMENT not in config.stash:
        server = running_s3()
        config.stash[_ENVIRONMENT] = server.__enter__()
        config.add_cleanup(lambda: server.__exit__(None, None, None))
    return config.stash[_ENVIRONMENT]


@pytest.fixture
def bucket(s3: Mapping[str, str], monkeypatch: pytest.MonkeyPatch) -> str:
    """Return the URL of an empty bucket that this process can reach."""
    for name, value in s3.items():
        monkeypatch.setenv(name, value)
    return new_bucket(s3)


def _wait(environment: Mapping[str, str]) -> None:
    from botocore.exceptions import BotoCoreError

    deadline = time.monotonic() + START_TIMEOUT_S
    while True:
        try:
            client_of(environment).list_buckets()
        except BotoCoreError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.2)
        else:
            return
