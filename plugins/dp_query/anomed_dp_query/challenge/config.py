"""What an organiser decides about a challenge of questions to hidden tables."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import attrs

UNITS = ("add-remove", "change-one", "as-lomas")
"""What two neighbouring tables differ in."""


def _known(allowed: tuple[str, ...]) -> Callable[[object, attrs.Attribute[str], str], None]:
    def check(_: object, attribute: attrs.Attribute[str], value: str) -> None:
        if value not in allowed:
            raise ValueError(f"{attribute.name} must be one of {', '.join(allowed)}, got {value!r}")

    return check


@attrs.frozen(kw_only=True)
class DatasetSettings:
    """Table ``datasets.NAME``: one hidden table.

    Attributes
    ----------
    source
        ``scheme:reference`` of the table, such as ``csv:penguins.csv``.
    metadata
        Path of what is public about it: YAML of SmartNoise, or JSON in CSVW-EO. Without it, the
        source's own codebook.
    unit
        What two neighbouring tables differ in: ``add-remove`` one person, ``change-one`` person, or
        ``as-lomas``, as each library counts it, so that epsilons of different libraries cannot be
        compared.
    size_is_public
        Whether everybody may know the number of rows, which takes ``change-one``.
    """

    source: str
    metadata: str = ""
    unit: str = attrs.field(default="add-remove", validator=_known(UNITS))
    size_is_public: bool = False

    def __attrs_post_init__(self) -> None:
        if self.size_is_public and self.unit != "change-one":
            raise ValueError(
                f"size_is_public came with the unit {self.unit!r}: if the number of rows is "
                'public, neighbours have equally many, so set unit = "change-one", or leave it out'
            )


@attrs.frozen(kw_only=True)
class DpQueryConfig:
    """Options of a dp-query challenge in the configuration.

    Attributes
    ----------
    datasets
        The hidden tables, by the names under which they are asked for.
    """

    datasets: Mapping[str, DatasetSettings]

    def __attrs_post_init__(self) -> None:
        if not self.datasets:
            raise ValueError("datasets is empty; describe at least one table, as datasets.NAME")
