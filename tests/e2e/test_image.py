"""The image as it is built: two servers of it play a round behind nginx, and one is killed.

`make test-deploy` runs it: the image is built anew, without a registry, which takes minutes. Where
`ANOMED_TEST_IMAGE` names an image instead of being 1, that one is taken.
"""

import json
import os
import signal
import ssl
import subprocess
import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import attrs
import httpx
import numpy as np
import pytest

from anomed_core.wire import encode_npz
from tests.e2e.images import ROOT, built_image, require_programs, run, served
from tests.e2e.processes import LOOPBACK, free_port
from tests.postgresql import create_database, running_postgresql
from tests.s3 import new_bucket, running_s3

pytestmark = pytest.mark.skipif(
    not os.environ.get("ANOMED_TEST_IMAGE"), reason="make test-deploy builds and runs the image"
)

USER = 10001
N_FINALS = 40
START_TIMEOUT_S = 120.0
CONFIG = """
[challenges.iris]
type = "supervised-mia"
data = { source = "sklearn:iris", split = [0.5, 0.1, 0.1, 0.3] }
mia_evaluation_dataset_length = 5
"""


@attrs.define(kw_only=True)
class Round:
    """Two servers of the image behind nginx."""

    image: str
    url: str
    trusted: ssl.SSLContext
    ports: list[int]
    servers: list["subprocess.Popen[bytes]"]

    def client(self) -> httpx.Client:
        return httpx.Client(base_url=self.url, verify=self.trusted, timeout=60)


@pytest.fixture(scope="module")
def image() -> str:
    require_programs("podman", "buildah", "mmdebstrap", "nginx", "openssl")
    named = os.environ["ANOMED_TEST_IMAGE"]
    return built_image() if named == "1" else named


@pytest.fixture(scope="module")
def round_(image: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Round]:
    folder = tmp_path_factory.mktemp("image")
    config = folder / "challenge"
    config.mkdir()
    (config / "challenge.toml").write_text(CONFIG)
    with ExitStack() as stack:
        ledger = create_database(stack.enter_context(running_postgresql(durable=True)))
        reached = stack.enter_context(running_s3())
        environment = [f"{name}={value}" for name, value in reached.items()]
        environment.append(f"ANOMED_SECRET={'ab' * 32}")
        options = ("--auth", "open", "--workers", "2", "--ledger", ledger)
        options += ("--store", f"{new_bucket(reached)}/state", "--host", LOOPBACK)
        ports, servers = [free_port(), free_port()], []
        for number, port in enumerate(ports):
            state = folder / f"state-{number}"
            state.mkdir(mode=0o700)
            os.chown(state, USER, USER)
            server = served(
                image, state, config, *options, "--port", str(port), environment=environment
            )
            servers.append(stack.enter_context(server))
        for number, port in enumerate(ports):
            _wait_until_ready(port, folder / f"state-{number}.log")
        port, trusted = _behind_nginx(folder, ports, stack)
        yield Round(
            image=image,
            url=f"https://localhost:{port}",
            trusted=trusted,
            ports=ports,
            servers=servers,
        )


def _wait_until_ready(port: int, log: Path) -> None:
    deadline = time.monotonic() + START_TIMEOUT_S
    while True:
        try:
            if httpx.get(f"http://{LOOPBACK}:{port}/readyz", timeout=5).status_code == 200:
                return
        except httpx.HTTPError:
            pass
        if time.monotonic() > deadline:
            raise AssertionError(log.read_text()[-4000:])
        time.sleep(0.5)


def _behind_nginx(folder: Path, ports: list[int], stack: ExitStack) -> tuple[int, ssl.SSLContext]:
    """Run nginx with the configuration that is published, but for its names and ports."""
    port, key, certificate = free_port(), folder / "key.pem", folder / "certificate.pem"
    run(
        *("openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256"),
        *("-nodes", "-days", "1", "-keyout", str(key), "-out", str(certificate)),
        *("-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost"),
    )
    published = (ROOT / "deploy" / "nginx.conf").read_text()
    for written, ours in {
        "127.0.0.1:8000": f"{LOOPBACK}:{ports[0]}",
        "127.0.0.1:8001": f"{LOOPBACK}:{ports[1]}",
        "listen 443 ssl": f"listen {LOOPBACK}:{port} ssl",
        "challenge.example.org": "localhost",
        "/etc/ssl/certs/challenge.pem": str(certificate),
        "/etc/ssl/private/challenge.key": str(key),
    }.items():
        assert written in published
        published = published.replace(written, ours)
    (folder / "nginx.conf").write_text(
        f"pid {folder}/nginx.pid; error_log {folder}/nginx.log; daemon off;\n"
        f"events {{}}\nhttp {{ access_log off;\n{published}\n}}\n"
    )
    nginx = subprocess.Popen(["nginx", "-c", str(folder / "nginx.conf"), "-p", str(folder)])
    stack.callback(nginx.wait, 30)
    stack.callback(nginx.terminate)
    return port, ssl.create_default_context(cafile=str(certificate))


def descendants(pid: int) -> list[int]:
    """Return the processes below one, the nearest first."""
    children: dict[int, list[int]] = {}
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            parent = int(stat.read_text().rpartition(")")[2].split()[1])
        except OSError:
            continue
        children.setdefault(parent, []).append(int(stat.parent.name))
    found = [pid]
    for one in found:
        found += children.get(one, [])
    return found[1:]


def predictions(n_records: int, name: str) -> bytes:
    rng = np.random.default_rng(sum(map(ord, name)))
    return encode_npz({"prediction": rng.integers(0, 3, n_records)})


def submit(client: httpx.Client, name: str, n_records: int) -> httpx.Response:
    """Hand in a final until somebody answers; the key lets it be counted once."""
    for _ in range(60):
        try:
            answer = client.post(
                "/utility/anonymizer",
                params={"anonymizer": name, "data_split": "validation"},
                content=predictions(n_records, name),
                headers={"Idempotency-Key": f"final of {name}"},
            )
        except httpx.TransportError:
            time.sleep(0.5)
            continue
        if answer.status_code not in {409, 502, 503, 504}:
            return answer
        time.sleep(1)
    raise AssertionError(f"nobody answers {name}: {answer.status_code} {answer.text}")


def test_the_image_runs_as_nobody_in_particular_and_says_how_it_is(round_: Round) -> None:
    (facts,) = json.loads(run("podman", "image", "inspect", round_.image))

    assert facts["Config"]["User"] == str(USER)
    for server in round_.servers:
        uids = {Path(f"/proc/{pid}").stat().st_uid for pid in descendants(server.pid)}
        assert USER in uids
    (_, program, *arguments) = facts["Healthcheck"]["Test"]
    command = [word.replace("8000", str(round_.ports[0])) for word in arguments]
    container = run("buildah", "from", round_.image).strip()
    try:
        health = ("buildah", "run", "--isolation", "chroot", "--network", "host", container)
        run(*health, "--", program, *command)
    finally:
        run("buildah", "rm", container)


def test_all_plugins_are_inside(round_: Round) -> None:
    container = run("buildah", "from", round_.image).strip()
    try:
        listed = run(
            "buildah", "run", "--isolation", "chroot", container, "--", "anomed", "plugins", "list"
        )
    finally:
        run("buildah", "rm", container)
    for folder in (ROOT / "plugins").glob("*/pyproject.toml"):
        assert folder.parent.name.replace("_", "-") in listed


def test_a_round_is_played_while_one_of_two_servers_is_killed(round_: Round) -> None:
    with round_.client() as client:
        shape = client.get("/data/anonymizer/validation")
        assert shape.status_code == 200
        (folder := Path(os.environ.get("TMPDIR", "/tmp")) / f"round-{os.getpid()}.npz").write_bytes(
            shape.content
        )
        n_records = len(next(iter(np.load(folder).values())))
        folder.unlink()
        told: dict[str, tuple[str, dict[str, float]]] = {}
        for number in range(N_FINALS):
            if number == N_FINALS // 2:
                for pid in descendants(round_.servers[0].pid):
                    os.kill(pid, signal.SIGKILL)
            name = f"participant-{number}"
            answer = submit(client, name, n_records)
            assert answer.status_code == 201, answer.text
            told[name] = (answer.headers["Location"], answer.json())
        for name, (location, metrics) in told.items():
            kept = client.get(location.removeprefix(round_.url)).json()
            assert kept["metrics"] == metrics
            again = submit(client, name, n_records)
            assert again.headers["Location"] == location
        ranking = client.get("/ranking").json()

    ranked = [entry["anonymizer"] for entry in ranking[0]["entries"]]
    assert sorted(name for name in ranked if name in told) == sorted(told)
