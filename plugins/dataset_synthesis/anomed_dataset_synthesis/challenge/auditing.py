"""Audits: generators that the organiser can run again, with and without a canary."""

import importlib

import numpy as np

from anomed_core import ConfigError, Submission
from anomed_dataset_synthesis.audit.canary import CanaryAudit, audit_by_canary
from anomed_dataset_synthesis.audit.claims import ClaimFinding
from anomed_dataset_synthesis.challenge.arena import Arena
from anomed_dataset_synthesis.external import ServedGenerator
from anomed_dataset_synthesis.generators import Generator
from anomed_dataset_synthesis.table.canonical import to_frame

_N_OTHERS = 150
"""Records that a canary hides among: few of them hide it worse, and a claim holds for any."""


def find_generator(anonymizer: str, reference: str) -> Generator:
    """Find the generator of an anonymizer as the organiser named it.

    Parameters
    ----------
    anonymizer : str
        Whose it is.
    reference : str
        ``module:attribute`` of a generator, or an address, see `ServedGenerator`.

    Returns
    -------
    Generator

    Raises
    ------
    ConfigError
        If there is none.
    """
    key = f"generators.{anonymizer}"
    if reference.startswith(("http://", "https://")):
        try:
            return ServedGenerator(name=anonymizer, url=reference)
        except ValueError as error:
            raise ConfigError(key, f"{reference!r} is no address of a generator") from error
    module, _, attribute = reference.partition(":")
    try:
        found = getattr(importlib.import_module(module), attribute)
    except (ImportError, AttributeError, ValueError) as error:
        raise ConfigError(key, f"{reference!r} cannot be imported: {error}") from error
    if not isinstance(found, Generator) or isinstance(found, type):
        raise ConfigError(key, f"{reference!r} is no generator but {type(found).__name__}")
    return found


def audit(arena: Arena, submission: Submission, rng: np.random.Generator) -> ClaimFinding | None:
    """Audit the claim of a submission.

    Public records are what the canary hides among: the generator's server learns of nobody.

    Parameters
    ----------
    arena : Arena
        Knows the generators.
    submission : Submission
        Whose claim is audited.
    rng : Generator
        Source of all draws.

    Returns
    -------
    ClaimFinding or None
        None if there is no claim or no generator to run.

    Raises
    ------
    ExternalGeneratorError
        If a served generator fails.
    """
    claim = arena.declaration(submission).guarantee
    reference = arena.config.generators.get(submission.anonymizer)
    if claim is None or reference is None:
        return None
    found: CanaryAudit = audit_by_canary(
        find_generator(submission.anonymizer, reference),
        to_frame(arena.population.background.sample(_N_OTHERS, rng=rng)),
        codebook=arena.codebook,
        rng=np.random.default_rng(rng.integers(2**63, size=4)),  # a lottery's cannot spawn
        n_runs=arena.config.audit_runs,
    )
    return ClaimFinding(claim=claim, audit=found)
