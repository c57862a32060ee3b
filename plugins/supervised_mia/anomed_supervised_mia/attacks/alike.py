"""Members and non-members must be described alike: only the model's answers may differ."""

from __future__ import annotations

from anomed_supervised_mia.attacks.signals import Signals


def check_alike(members: Signals, non_members: Signals) -> None:
    """Refuse members and non-members that are described in different ways.

    What tells them apart then is the description and not the model.

    Raises
    ------
    TypeError
        If one of them is no `Signals`.
    ValueError
        If they do not hold the same arrays, of the same numbers of columns and dtypes.
    """
    sides = {"members": members, "non-members": non_members}
    for side, signals in sides.items():
        if not isinstance(signals, Signals):
            raise TypeError(
                f"What a model says about {side} is needed as Signals, but came as "
                f"{type(signals).__name__}; see Signals.from_probabilities and the like."
            )
    described = [_description(signals) for signals in sides.values()]
    if described[0] != described[1]:
        raise ValueError(
            "Members and non-members must be described alike, by the same arrays of the same "
            f"columns and dtypes, but the members came with {', '.join(described[0])}, and the "
            f"non-members with {', '.join(described[1])}; drop or compute arrays until they agree."
        )


def _description(signals: Signals) -> list[str]:
    return [
        f"{name} {array.dtype}" + (f" of {array.shape[1]} columns" if array.ndim == 2 else "")
        for name, array in signals.arrays().items()
    ]
