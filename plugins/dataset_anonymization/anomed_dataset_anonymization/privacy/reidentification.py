"""How well a record hides among its like: k-anonymity and the risk of re-identification."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from attrs import frozen

from anomed_dataset_anonymization.privacy.classes import (
    EquivalenceClasses,
    FloatArray,
    IntArray,
)


@frozen(kw_only=True)
class ReidentificationRisk:
    """The chance that an attacker who looks for a record names the right one.

    Attributes
    ----------
    highest
        The chance for the most exposed record, in (0, 1].
    average
        The mean chance over the records, in (0, 1]: the share of them an attacker who looks for all
        of them is expected to name rightly.
    share_above
        The share of records whose chance exceeds the threshold, in [0, 1].
    threshold
        That threshold.
    """

    highest: float
    average: float
    share_above: float
    threshold: float


def k_anonymity(classes: EquivalenceClasses) -> int:
    """Count the records of the smallest class.

    Range 1 to the number of records, higher is more private.

    References
    ----------
    Sweeney: k-Anonymity, IJUFKS 10(5), 2002, doi:10.1142/S0218488502001648.
    """
    return int(classes.sizes.min())


def effective_k(classes: EquivalenceClasses, n_people: npt.ArrayLike) -> int:
    """Count the people of the smallest class, so that copies of a row hide nobody.

    Publishing each row ten times raises k tenfold and protects no one: behind each class is still
    the same number of people. Range 0 to k, higher is more private; 0 means a class that stands for
    nobody in the original table.

    Parameters
    ----------
    classes
        The published table's partition.
    n_people
        int (n_classes,), the distinct original records behind each class: those its rows declare
        (`people_declared`) or those its generalised values cover.

    Raises
    ------
    ValueError
        If there is not one non-negative integer a class.
    """
    people = _as_sizes(n_people, n_classes=classes.n_classes, name="n_people")
    return int(np.minimum(people, classes.sizes).min())


def people_declared(classes: EquivalenceClasses, record_of_row: npt.ArrayLike) -> IntArray:
    """Count the distinct original records that each class's rows declare to come from.

    Parameters
    ----------
    classes
        The published table's partition, over rows that count one record each.
    record_of_row
        int (n_rows,), the original record of each row; negative means none is declared.

    Returns
    -------
    int64 (n_classes,)
        The number of distinct declared records in each class.

    Raises
    ------
    ValueError
        If the rows do not match, or a row counts several records and so can't declare them all.
    """
    records = np.asarray(record_of_row)
    if records.shape != classes.class_of_row.shape or records.dtype.kind not in "iu":
        raise ValueError(
            f"record_of_row has shape {records.shape} and dtype {records.dtype}, expected integers "
            f"of shape {classes.class_of_row.shape}, one for each row."
        )
    if classes.counts.max() > 1:
        raise ValueError(
            f"a row counts {classes.counts.max()} records, declared origins need rows that count 1."
        )
    declared = records >= 0
    people, person = np.unique(records[declared], return_inverse=True)
    n_people = max(len(people), 1)
    pairs = np.unique(classes.class_of_row[declared] * n_people + person)
    return np.bincount(pairs // n_people, minlength=classes.n_classes)


def prosecutor_risk(classes: EquivalenceClasses, threshold: float = 0.09) -> ReidentificationRisk:
    """Assess an attacker who knows that the person looked for is in the table.

    A record of a class E is named rightly with chance 1/|E|.

    Parameters
    ----------
    classes
        The published table's partition.
    threshold
        The chance above which a record counts as exposed, in [0, 1]. The default is the one of the
        European Medicines Agency's policy on publishing clinical data and of Health Canada.

    Raises
    ------
    ValueError
        If the threshold is outside [0, 1].

    References
    ----------
    El Emam, Dankar: Protecting privacy using k-anonymity, JAMIA 15(5), 2008,
    doi:10.1197/jamia.M2716; EMA policy 0070, external guidance, section 5.4.
    """
    return _risk(classes.sizes, 1.0 / classes.sizes, threshold=threshold)


def journalist_risk(
    classes: EquivalenceClasses, population_sizes: npt.ArrayLike, *, threshold: float = 0.09
) -> ReidentificationRisk:
    """Assess an attacker who knows only that the person looked for is in the population.

    A record of a class E is named rightly with chance 1/|E_P|, where E_P are the people of the
    population with the class's quasi-identifiers. `average` is the marketer risk
    (1/n) sum |E|/|E_P|: the share named rightly when all records are matched to the population.

    Parameters
    ----------
    classes
        The published table's partition.
    population_sizes
        int (n_classes,), |E_P|, at least |E|.
    threshold
        The chance above which a record counts as exposed, in [0, 1].

    Raises
    ------
    ValueError
        If the population does not contain the table, or the threshold is outside [0, 1].

    References
    ----------
    El Emam, Dankar 2008, doi:10.1197/jamia.M2716; Dankar, El Emam: A method for evaluating
    marketer re-identification risk, EDBT/ICDT workshops 2010, doi:10.1145/1754239.1754271.
    """
    population = _as_population(population_sizes, classes.sizes)
    return _risk(classes.sizes, 1.0 / population, threshold=threshold)


def k_map(classes: EquivalenceClasses, population_sizes: npt.ArrayLike) -> int:
    """Count the population behind the published class that has the smallest.

    Range 1 to the population's size, higher is more private, never below k.

    Parameters
    ----------
    classes
        The published table's partition.
    population_sizes
        int (n_classes,), |E_P|, at least |E|.

    Raises
    ------
    ValueError
        If the population does not contain the table.

    References
    ----------
    El Emam, Dankar 2008, doi:10.1197/jamia.M2716.
    """
    return int(_as_population(population_sizes, classes.sizes).min())


def delta_presence(
    population: EquivalenceClasses, is_published: npt.ArrayLike
) -> tuple[float, float]:
    """Bound the chance that a person of the population is in the published table.

    Parameters
    ----------
    population
        The partition of the whole population, generalised as the published table is; the table's
        own records are among its rows.
    is_published
        bool (n_rows,), whether a row of the population is in the published table.

    Returns
    -------
    delta_min, delta_max
        The smallest and largest share of a class that is published, both in [0, 1]. The narrower
        the interval around the overall share, the less is said about who is in the table; a
        delta_max of 1 means somebody is certainly in it, a delta_min of 0 somebody certainly not.

    Raises
    ------
    ValueError
        If `is_published` is not one bool a row.

    References
    ----------
    Nergiz, Atzori, Clifton: Hiding the presence of individuals from shared databases, SIGMOD 2007,
    doi:10.1145/1247480.1247554.
    """
    published = np.asarray(is_published)
    if published.shape != population.class_of_row.shape or published.dtype != np.bool_:
        raise ValueError(
            f"is_published has shape {published.shape} and dtype {published.dtype}, expected bool "
            f"of shape {population.class_of_row.shape}, one for each row of the population."
        )
    members = np.bincount(
        population.class_of_row,
        weights=np.where(published, population.counts, 0),
        minlength=population.n_classes,
    )
    shares = members / population.sizes
    return float(shares.min()), float(shares.max())


def _risk(sizes: IntArray, chances: FloatArray, *, threshold: float) -> ReidentificationRisk:
    if not 0.0 <= threshold <= 1.0:
        raise ValueError(f"the threshold is {threshold}, a chance lies between 0 and 1.")
    n_records = sizes.sum()
    return ReidentificationRisk(
        highest=float(chances.max()),
        average=float((sizes * chances).sum() / n_records),
        share_above=float(sizes[chances > threshold].sum() / n_records),
        threshold=threshold,
    )


def _as_sizes(values: npt.ArrayLike, *, n_classes: int, name: str) -> IntArray:
    sizes = np.asarray(values)
    if sizes.shape != (n_classes,) or sizes.dtype.kind not in "iu" or sizes.min() < 0:
        raise ValueError(
            f"{name} has shape {sizes.shape} and dtype {sizes.dtype}, expected one non-negative "
            f"integer for each of the {n_classes} classes."
        )
    return sizes.astype(np.int64)


def _as_population(values: npt.ArrayLike, sizes: IntArray) -> IntArray:
    population = _as_sizes(values, n_classes=len(sizes), name="population_sizes")
    lacking = np.flatnonzero(population < sizes)
    if len(lacking):
        first = lacking[0]
        raise ValueError(
            f"class {first} has {sizes[first]} published records but {population[first]} in the "
            "population, which must contain the published table."
        )
    return population
