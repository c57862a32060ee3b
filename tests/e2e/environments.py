"""The published AnoMed libraries, talked to over HTTP: they pin numpy 1.26, and ours is newer."""

from pathlib import Path

from anomed_core.environments import Environment, Recipe, install_environment

REPOSITORY = Path(__file__).resolve().parents[2]

PUBLISHED = Recipe(
    name="published-anomed",
    install=(
        (
            "anomed-anonymizer==0.0.22",
            "anomed-challenge==0.0.21",
            "anomed-deanonymizer==0.0.11",
            "anomed-utils==0.3.8",
            "gunicorn",
            "packaging",  # adversarial-robustness-toolbox needs it and does not declare it
        ),
    ),
    newest_python=(3, 12),  # of numpy 1.26
)
"""Both kinds of published clients, and the challenge server that they were written for."""

LOMAS_NEWER = Recipe(name="lomas-client-0-5-1", install=(("lomas-client==0.5.1",),))
"""The client that signs in and is answered by jobs; it excludes our scikit-learn. 1.6 GB."""

LOMAS_OLDER = Recipe(
    name="lomas-client-0-3-5",
    install=(
        ("torch==2.13.0",),
        (
            "torch==2.13.0",
            "lomas-client==0.3.5",
            "requests==2.32.0",  # which it requires, although it was withdrawn
            "setuptools<81",
            "scikit-learn<1.8",
        ),
    ),
)
"""The client that names its user in a header; it excludes our pandas and requests."""


def published_environment() -> Environment:
    """Return the environment of the published libraries, made if need be."""
    return install_environment(PUBLISHED, timeout_s=900.0)
