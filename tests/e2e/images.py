"""Build the image without a registry, and run what is inside of it."""

import os
import re
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
TAG = "localhost/anomed-tested"
BASE = "localhost/anomed-tested-base"
BUILD_TIMEOUT_S = 1800
_CONFIGURATION = re.compile(r"^ *(/.*), exists: True$", flags=re.MULTILINE)
_CERTIFICATES = Path("/etc/ssl/certs/ca-certificates.crt")


def require_programs(*names: str) -> None:
    """Skip where a program is missing, or we may not do what it needs."""
    missing = [name for name in names if shutil.which(name) is None]
    if missing:
        pytest.skip(f"not installed: {', '.join(missing)}")
    if os.getuid() != 0:
        pytest.skip("images are built and run in a chroot, which wants root")


def run(*words: str, timeout_s: float = 120) -> str:
    """Run a program and return what it printed."""
    done = subprocess.run(
        words, capture_output=True, text=True, timeout=timeout_s, cwd=ROOT, check=False
    )
    assert done.returncode == 0, f"{' '.join(words)}\n{done.stdout[-4000:]}{done.stderr[-4000:]}"
    return done.stdout


def built_image() -> str:
    """Build the base from Debian's packages and the image on it; return its name."""
    if subprocess.run(["podman", "image", "exists", BASE], check=False).returncode != 0:
        rootfs = Path(os.environ.get("TMPDIR", "/tmp")) / f"anomed-base-{os.getpid()}.tar"
        try:
            packages = "--include=python3,python3-venv,python3-pip,ca-certificates"
            run("mmdebstrap", "--variant=minbase", packages, "bookworm", str(rootfs), timeout_s=600)
            run("podman", "import", str(rootfs), BASE, timeout_s=300)
        finally:
            rootfs.unlink(missing_ok=True)
    volumes = [word for path in _needed_by_pip() for word in ("--volume", f"{path}:{path}:ro")]
    run(
        *("podman", "build", "--isolation=chroot", "--network=host", "--format", "docker"),
        *("--ignorefile", ".dockerignore", "--build-arg", f"BASE={BASE}", *volumes),
        *("-t", TAG, "-f", "deploy/Containerfile", "."),
        timeout_s=BUILD_TIMEOUT_S,
    )
    return TAG


def _needed_by_pip() -> list[Path]:
    """Return the files and folders that pip reads on this machine, which may be a closed one."""
    pip = [sys.executable, "-m", "pip", "config"]
    told = subprocess.run([*pip, "list"], capture_output=True, text=True, check=False).stdout
    words = [word.strip("'").removeprefix("file://") for word in told.replace("=", " ").split()]
    looked_at = subprocess.run([*pip, "debug"], capture_output=True, text=True, check=False).stdout
    files = _CONFIGURATION.findall(looked_at)
    named = {Path(word) for word in (*words, *files, str(_CERTIFICATES)) if word.startswith("/")}
    # An index of files names them relative to its folder.
    paths = {path.parent if path.name == "simple" else path for path in named}
    return sorted(path for path in paths if path.exists())


@contextmanager
def served(
    image: str, state: Path, config: Path, *options: str, environment: Sequence[str] = ()
) -> Iterator[subprocess.Popen[bytes]]:
    """Serve from the image as its user, until the block ends; the log is beside the state."""
    container = run("buildah", "from", image).strip()
    variables = [word for one in environment for word in ("--env", one)]
    with state.with_suffix(".log").open("wb") as log:
        server = subprocess.Popen(
            [
                *("buildah", "run", "--isolation", "chroot", "--network", "host", *variables),
                *("--volume", f"{state}:/state", "--volume", f"{config}:/challenge:ro", container),
                *("--", "/opt/anomed/bin/anomed", "serve", "/challenge/challenge.toml", *options),
            ],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
        )
        try:
            yield server
        finally:
            server.send_signal(signal.SIGTERM)
            try:
                server.wait(60)
            except subprocess.TimeoutExpired:
                server.kill()
            run("buildah", "rm", container)
