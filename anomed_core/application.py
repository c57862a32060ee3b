"""Build a server from Python: the same objects as from a configuration file."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import falcon
import structlog

from anomed_core.config import Configuration, ServerSettings, read_configuration
from anomed_core.model import ChallengeSpec, normalised_slug
from anomed_core.plugins import PluginRegistry, build_registry
from anomed_core.service.opening import open_server
from anomed_core.service.server import Server
from anomed_core.service.specs import demo_table, specs_from_tables
from anomed_core.state import StateDirectory
from anomed_core.web import configure_logs, create_web_app
from anomed_core.web.telemetry import share_between_workers, shared_folder

log = structlog.get_logger(__name__)


def create_app(
    challenges: Iterable[ChallengeSpec],
    *,
    plugins: Iterable[Any] = (),
    settings: ServerSettings | None = None,
    accept_metric_change: bool = False,
) -> falcon.App[falcon.Request, falcon.Response]:
    """Create a WSGI application that serves challenges.

    It does not know at which address it will be reached: with ``auth="open"``, the default,
    everybody who reaches it is believed to be whoever they say. `anomed serve` refuses that.

    Parameters
    ----------
    challenges
        What to serve. Types that are not loaded yet are looked up among the installed plugins.
    plugins
        Modules or objects with hook implementations, beyond the installed ones.
    settings
        What the organiser decided about the server; ``None`` takes defaults and ``ANOMED_*``
        environment variables.
    accept_metric_change
        Whether a challenge may have other data or metrics than its recorded scores.

    Returns
    -------
    falcon.App
        For any WSGI server, such as ``gunicorn module:application``.

    Raises
    ------
    UsageError
        If something is wrong with the configuration or a plugin.
    """
    configure_logs()
    specs = list(challenges)
    registry = build_registry()
    for number, plugin in enumerate(plugins):
        registry.add(plugin, name=getattr(plugin, "__name__", f"plugin {number}"))
    for spec in specs:
        if normalised_slug(spec.type) not in {loaded.type.name for loaded in registry.types}:
            registry.load(spec.type)
    _load_extensions(registry)
    settings = settings or read_configuration(None).server
    if _is_gunicorns_worker():
        folder = shared_folder(StateDirectory(settings.state).root, server=os.getppid())
        share_between_workers(folder)
    server = open_server(
        specs,
        registry=registry,
        settings=settings,
        accept_change=accept_metric_change,
        in_background=True,
        on_loss=_replace_worker,
    )
    return create_web_app(server)


def server_from_files(  # noqa: PLR0913 - each says one thing about the start
    config: Path | None,
    *,
    plugins: Iterable[str] = (),
    overrides: Mapping[str, Any] | None = None,
    accept_change: bool = False,
    in_background: bool = False,
    for_reading: bool = False,
    environment: Mapping[str, str] = os.environ,
    content: bytes | None = None,
    sources: Mapping[str, str] | None = None,
) -> Server:
    """Open the server that a configuration file and the command line describe.

    Parameters
    ----------
    config
        TOML file; ``None`` serves each named plugin's demo.
    plugins
        Names given with ``--plugin``.
    overrides
        Keys of ``[server]`` given on the command line.
    accept_change
        Whether a challenge may have other data or metrics than its recorded scores.
    in_background
        Whether to begin what runs beside requests; servers do.
    for_reading
        Whether a server has left its records, which are only looked at.
    environment
        ``ANOMED_*`` variables.
    content
        The configuration file's bytes, where it was read before.
    sources
        Fingerprints of data by source, as the server's start found them; a ledger that was begun
        then is never begun anew.

    Returns
    -------
    Server
        Close it in the end.

    Raises
    ------
    UsageError
        If something is wrong with the configuration or a plugin.
    """
    configuration = read_configuration(
        config, environment=environment, overrides=overrides, content=content
    )
    registry, specs = challenges_of(configuration, plugins, sources=sources)
    return open_server(
        specs,
        registry=registry,
        settings=configuration.server,
        accept_change=accept_change,
        in_background=in_background,
        for_reading=for_reading,
        goes_on=in_background and sources is not None,
        environment=environment,
        on_loss=_replace_worker,
    )


def challenges_of(
    configuration: Configuration,
    plugins: Iterable[str],
    *,
    sources: Mapping[str, str] | None = None,
) -> tuple[PluginRegistry, list[ChallengeSpec]]:
    """Load the plugins that are named and structure the challenges of a configuration.

    Without any challenge in the configuration, every named type is served as its demo.
    """
    registry = build_registry()
    registry.fingerprints.update(sources or {})
    types = [loaded for loaded in map(registry.load, plugins) if loaded is not None]
    _load_extensions(registry)
    tables = configuration.challenges or tuple(demo_table(loaded_type) for loaded_type in types)
    return registry, specs_from_tables(tables, registry)


def _is_gunicorns_worker() -> bool:
    return os.environ.get("SERVER_SOFTWARE", "").startswith("gunicorn")


def _replace_worker() -> None:
    """Let gunicorn replace this worker: it answers what is under way and ends."""
    if _is_gunicorns_worker():
        os.kill(os.getpid(), signal.SIGTERM)


def _load_extensions(registry: PluginRegistry) -> None:
    """Load what is installed, and tell which of it does not load."""
    for info, error in registry.load_extensions().items():
        log.error("extension not loaded", extension=info.slug, reason=str(error))
