"""What is said about a synthetic table: how it was made, and what that keeps private."""

import math
from collections.abc import Mapping
from typing import Any

import attrs

from anomed_dataset_synthesis.audit.claims import parse_claim
from anomed_dataset_synthesis.dp.accounting import Guarantee
from anomed_dataset_synthesis.table.json_numbers import as_float

_LONGEST_NAME = 200
_OWN_KEYS = ("generator", "training_time_s")


@attrs.frozen(kw_only=True)
class Declaration:
    """The unverified declaration submitted with the table.

    Attributes
    ----------
    generator
        Name and description of the generator: attackers may know it (Kerckhoffs).
    training_time_s
        Seconds, as stated.
    guarantee
        The claim of differential privacy, if one is made.
    """

    generator: str = ""
    training_time_s: float | None = None
    guarantee: Guarantee | None = None

    def to_dict(self) -> dict[str, Any]:
        """Return the declaration as JSON values, in the form in which it is submitted."""
        claim = self.guarantee.to_dict() if self.guarantee else {}
        time_s = {} if self.training_time_s is None else {"training_time_s": self.training_time_s}
        return {"generator": self.generator, **time_s, **claim}


def parse_declaration(value: Any) -> Declaration:
    """Read the JSON part of a submission.

    Parameters
    ----------
    value
        An object with ``generator`` (text) and ``training_time_s`` (number), both optional, and
        either all or none of the keys of a claim; see `claims.parse_claim`. None for no part.

    Returns
    -------
    Declaration
        What was declared.

    Raises
    ------
    ValueError
        If the value has another form.

    Examples
    --------
    >>> parse_declaration({"generator": "copula"}).guarantee is None
    True
    """
    if value is None:
        return Declaration()
    if not isinstance(value, Mapping):
        raise ValueError(  # noqa: TRY004 - a matter of what was submitted, not of who calls
            f"the claim is {str(value)[:40]!r}; give a JSON object"
        )
    generator, time_s = value.get("generator", ""), value.get("training_time_s")
    if not isinstance(generator, str) or len(generator) > _LONGEST_NAME:
        raise ValueError(f"the generator must be a text of at most {_LONGEST_NAME} characters")
    if time_s is not None and not 0 <= as_float(time_s) < math.inf:
        raise ValueError(f"training_time_s is {str(time_s)[:40]!r}; give seconds, 0 or more")
    claim = {key: item for key, item in value.items() if key not in _OWN_KEYS}
    return Declaration(
        generator=generator,
        training_time_s=None if time_s is None else as_float(time_s),
        guarantee=parse_claim(claim) if claim else None,
    )
