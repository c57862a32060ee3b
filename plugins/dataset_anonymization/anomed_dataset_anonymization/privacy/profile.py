"""All syntactic privacy numbers of one table at once."""

from __future__ import annotations

from collections.abc import Callable

from attrs import frozen

from anomed_dataset_anonymization.privacy.classes import EquivalenceClasses
from anomed_dataset_anonymization.privacy.closeness import t_closeness_equal
from anomed_dataset_anonymization.privacy.contingency import Contingency
from anomed_dataset_anonymization.privacy.disclosure import (
    basic_beta,
    delta_disclosure,
    delta_disclosure_present,
    enhanced_beta,
)
from anomed_dataset_anonymization.privacy.diversity import (
    alpha,
    distinct_l,
    entropy_l,
    recursive_c,
)
from anomed_dataset_anonymization.privacy.reidentification import k_anonymity


@frozen(kw_only=True)
class PrivacyProfile:
    """How a table fares under each syntactic privacy model, its worst class deciding.

    Attributes
    ----------
    k
        Records in the smallest class; higher is more private.
    alpha
        Largest share of one sensitive value in a class; lower is more private.
    distinct_l, entropy_l
        Distinct and effective number of sensitive values in a class; higher is more private.
    recursive_c
        The c above which recursive (c, 2)-diversity holds, inf for none; lower is more private.
    basic_beta, enhanced_beta
        Largest relative gain in belief, inf where enhanced beta-likeness is out of reach; lower is
        more private.
    t
        Distance of a class from the table; lower is more private.
    delta, delta_present
        Largest |ln(q / p)|, inf where a class lacks a value; and over present values only. Lower is
        more private.
    """

    k: int
    alpha: float
    distinct_l: int
    entropy_l: float
    recursive_c: float
    basic_beta: float
    enhanced_beta: float
    t: float
    delta: float
    delta_present: float


def privacy_profile(
    classes: EquivalenceClasses,
    table: Contingency,
    *,
    closeness: Callable[[Contingency], float] = t_closeness_equal,
) -> PrivacyProfile:
    """Compute every model's number for one sensitive column.

    Parameters
    ----------
    classes
        The published table's partition.
    table
        Its contingency with the sensitive column.
    closeness
        The distance of t-closeness that suits the column: it is a matter of the schema, never of
        the dtype.

    Returns
    -------
    PrivacyProfile
        The numbers.
    """
    return PrivacyProfile(
        k=k_anonymity(classes),
        alpha=alpha(table),
        distinct_l=distinct_l(table),
        entropy_l=entropy_l(table),
        recursive_c=recursive_c(table, 2),
        basic_beta=basic_beta(table),
        enhanced_beta=enhanced_beta(table),
        t=closeness(table),
        delta=delta_disclosure(table),
        delta_present=delta_disclosure_present(table),
    )
