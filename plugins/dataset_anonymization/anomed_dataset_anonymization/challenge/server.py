"""Serve one challenge as a WSGI application, as anomed-challenge's factory does."""

from __future__ import annotations

import falcon

from anomed_core import ChallengeSpec, create_app
from anomed_dataset_anonymization import plugin
from anomed_dataset_anonymization.challenge.upstream import (
    CHALLENGE_ID,
    TabularDataReconstructionChallenge,
)


def tabular_data_reconstruction_challenge_server_factory(
    challenge_obj: TabularDataReconstructionChallenge,
) -> falcon.App[falcon.Request, falcon.Response]:
    """Create a web application that serves a challenge.

    Parameters
    ----------
    challenge_obj
        The challenge.

    Returns
    -------
    falcon.App
        For ``gunicorn module:application``. Its state is in ``./anomed-state``, or where
        ``ANOMED_STATE`` says; all workers share it.

    Raises
    ------
    ConfigError
        If an evaluator fails on the leaky table itself.
    """
    return create_app(
        [
            ChallengeSpec(
                id=CHALLENGE_ID,
                type=plugin.NAME,
                title=challenge_obj.title,
                description=challenge_obj.description,
                config=challenge_obj,
            )
        ],
        plugins=[plugin],
    )
