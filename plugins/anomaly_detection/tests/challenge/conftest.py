"""Challenges on digits, opened as a server does, each configuration once for all tests."""

from __future__ import annotations

import json
from contextlib import ExitStack

import pytest
from anomed_anomaly_detection.plugin import _DIGITS, _PAIR

from anomed_core.testing import served


@pytest.fixture(scope="module")
def opened(tmp_path_factory):
    """Return a function that serves the demo's task, with changes, and returns a client.

    What is opened under a ``label`` may be a server without one of its rules, so it is apart.
    """
    clients = {}
    with ExitStack() as stack:

        def open_it(*, label="", data=None, options=None, **changes):
            key = json.dumps([label, data, options, changes], default=str)
            if key not in clients:
                usual = {**_PAIR["options"], "p_backdoor": 0.25}
                task = {**_PAIR, "options": usual | (options or {})}
                config = {
                    "data": {**_DIGITS, "copies": 3, **(data or {})},
                    "tasks": {"pair": task},
                    "entries": ("mahalanobis",),
                    "panel": ("mahalanobis",),
                    "floors": {"success_cycle": 0.4},
                    "recipe": {"epochs": 40},
                    **changes,
                }
                state = tmp_path_factory.mktemp("state")
                clients[key] = stack.enter_context(
                    served("anomaly-detection", config=config, state=state)
                )
            return clients[key]

        yield open_it


@pytest.fixture(scope="module")
def arena(opened):
    """Return what the server of the demo's task keeps."""
    return opened().hosted.challenge.definition
