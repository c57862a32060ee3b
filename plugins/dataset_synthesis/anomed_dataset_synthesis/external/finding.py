"""Find a generator as an organiser names it: by where it can be imported, or by an address."""

import importlib

from anomed_dataset_synthesis.external.served import ServedGenerator
from anomed_dataset_synthesis.generators import Generator


def find_generator(name: str, reference: str) -> Generator:
    """Find a generator that can be run again.

    Parameters
    ----------
    name
        What a served generator is called.
    reference
        ``module:attribute`` of a generator, or an address, see `ServedGenerator`.

    Returns
    -------
    Generator

    Raises
    ------
    ValueError
        If there is none.
    """
    if reference.startswith(("http://", "https://")):
        try:
            return ServedGenerator(name=name, url=reference)
        except ValueError as error:
            raise ValueError(f"{reference!r} is no address of a generator") from error
    module, _, attribute = reference.partition(":")
    try:
        found = getattr(importlib.import_module(module), attribute)
    except (ImportError, AttributeError, ValueError) as error:
        raise ValueError(f"{reference!r} cannot be imported: {error}") from error
    if not isinstance(found, Generator) or isinstance(found, type):
        raise ValueError(  # noqa: TRY004 - a wrong value in the configuration
            f"{reference!r} is no generator but {type(found).__name__}"
        )
    return found
