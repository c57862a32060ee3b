"""Serve one challenge as a WSGI application, as anomed-challenge's factory does."""

from __future__ import annotations

import falcon

from anomed_core import ChallengeSpec, create_app
from anomed_supervised_mia import plugin
from anomed_supervised_mia.challenge.upstream import CHALLENGE_ID, SupervisedLearningMIAChallenge


def supervised_learning_MIA_challenge_server_factory(
    challenge_obj: SupervisedLearningMIAChallenge,
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
        If the data are too few for evaluations of the given length, or do not fit each other.
    """
    return create_app(
        [
            ChallengeSpec(
                id=CHALLENGE_ID,
                type=plugin.NAME,
                title=challenge_obj.title,
                description=challenge_obj.description,
                seed=challenge_obj.seed,
                config=challenge_obj,
            )
        ],
        plugins=[plugin],
    )
