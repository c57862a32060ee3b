"""The servers that are compared, each as its users would start it, with two workers."""

import shutil
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

from benchmarks.http.challenges import Challenge
from tests.e2e.environments import published_environment
from tests.e2e.processes import RunningServer, free_port, serving

WORKERS = ["--workers", "2"]
THREADS = ["--threads", "4"]
BIND = ["--bind", "127.0.0.1:{port}"]

BARE_FALCON = """\
import json

import falcon


class Alive:
    def on_get(self, request, response):
        response.text = json.dumps({"message": "Challenge server is alive!"})


application = falcon.App()
application.add_route("/", Alive())
"""

NGINX = """\
daemon off;
{user}
worker_processes 2;
pid {folder}/nginx.pid;
events {{ worker_connections 64; }}
http {{
    access_log off;
    sendfile on;
    tcp_nopush on;
    keepalive_requests 1000000;
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
    default_type application/octet-stream;
    server {{
        listen 127.0.0.1:{port};
        location = / {{ return 200 "alive"; }}
        location = /data/anonymizer/training {{ alias {file}; }}
    }}
}}
"""

Start = Callable[[Challenge, Path, str], AbstractContextManager[RunningServer]]


@contextmanager
def ours(
    challenge: Challenge,
    data: Path,
    platform_host: str,
    *,
    name: str = "ours",
    options: Sequence[str] = THREADS,
) -> Iterator[RunningServer]:
    """Serve a challenge with `anomed serve`: with few threads, or with other options."""
    folder = _folder(name, challenge, data)
    configuration = folder / "challenge.toml"
    configuration.write_text(challenge.our_configuration(data))
    serve = [sys.executable, "-m", "anomed_core", "serve", str(configuration)]
    command = [*serve, "--port", "{port}", *WORKERS, "--state", str(folder / "state"), *options]
    environment = {"ANOMED_HOST": platform_host}
    with serving(command, name=name, folder=folder, environment=environment) as server:
        yield server


@contextmanager
def falcon(challenge: Challenge, data: Path, _platform_host: str) -> Iterator[RunningServer]:
    """Serve a constant with Falcon and gunicorn alone: the floor for every answer of ours."""
    folder = _folder("falcon", challenge, data)
    (folder / "bare.py").write_text(BARE_FALCON)
    gunicorn = [sys.executable, "-m", "gunicorn", "--worker-class", "gthread"]
    command = [*gunicorn, *WORKERS, *THREADS, *BIND, "bare:application"]
    with serving(command, name="falcon", folder=folder) as server:
        yield server


@contextmanager
def published(challenge: Challenge, data: Path, platform_host: str) -> Iterator[RunningServer]:
    """Serve a challenge with anomed-challenge and `gunicorn -w 2`, as its README says."""
    folder = _folder("published", challenge, data)
    (folder / "published.py").write_text(challenge.published_module(data))
    gunicorn = published_environment().program("gunicorn")
    command = [str(gunicorn), *WORKERS, *BIND, "published:application"]
    environment = {"ANOMED_HOST": platform_host}
    with serving(command, name="published", folder=folder, environment=environment) as server:
        yield server


@contextmanager
def nginx(challenge: Challenge, data: Path, _platform_host: str) -> Iterator[RunningServer]:
    """Send the training data as a file with nginx and sendfile: the ceiling for bytes a second."""
    executable = shutil.which("nginx", path="/usr/sbin:/usr/local/sbin:/usr/bin:/usr/local/bin")
    if executable is None:
        raise RuntimeError("nginx is not installed; install your system's package of it")
    folder = _folder("nginx", challenge, data)
    port = free_port()
    configuration = folder / "nginx.conf"
    user = f"user {folder.owner()};" if folder.owner() == "root" else ""
    file = challenge.write_training_file(data)
    configuration.write_text(NGINX.format(user=user, folder=folder, port=port, file=file))
    command = [executable, "-e", str(folder / "error.log"), "-c", str(configuration)]
    with serving(command, name="nginx", folder=folder, port=port) as server:
        yield server


CONTESTANTS: dict[str, Start] = {
    "ours": ours,
    "falcon": falcon,
    "published": published,
    "nginx": nginx,
}


def _folder(name: str, challenge: Challenge, data: Path) -> Path:
    folder = data.parent / f"{name}-{challenge.name}"
    folder.mkdir(parents=True)
    return folder
