"""How many records are unique in the population, estimated from the sample's class sizes alone."""

from __future__ import annotations

from typing import Literal

import numpy as np
from attrs import frozen

from anomed_dataset_anonymization.privacy._pitman import pitman_parameters, pitman_uniques
from anomed_dataset_anonymization.privacy._slide_negative_binomial import snb_uniques
from anomed_dataset_anonymization.privacy.classes import EquivalenceClasses, FloatArray, IntArray

_SMALL_FRACTION = 0.1  # where Dankar et al. change from Pitman's model to the other two


@frozen(kw_only=True)
class UniquenessEstimate:
    """An estimate together with the model that made it.

    Attributes
    ----------
    fraction
        The estimated share of the population's records that are unique in it, in [0, 1].
    model
        The model Dankar's rule chose; "none" where the sample has no unique record, so that nobody
        in it can be unique in the population.
    """

    fraction: float
    model: Literal["pitman", "zayatz", "slide-negative-binomial", "none"]


def sample_uniqueness(classes: EquivalenceClasses) -> float:
    """Measure the share of records that are alone in their class.

    Range [0, 1], lower is more private.
    """
    return float((classes.sizes == 1).sum() / classes.n_records)


def zayatz_uniqueness(classes: EquivalenceClasses, sampling_fraction: float) -> float:
    """Estimate the share of records that are unique in the population, after Zayatz.

    The chance that a sample unique is a population unique follows from drawing classes
    hypergeometrically, with the sample's own class sizes standing for the population's. Range
    [0, sample uniqueness], lower is more private; at a sampling fraction of 1 it is the sample
    uniqueness.

    Parameters
    ----------
    classes
        The sample's partition.
    sampling_fraction
        The sample's share of the population, in (0, 1].

    Raises
    ------
    ValueError
        If the sampling fraction is outside (0, 1].

    References
    ----------
    Zayatz: Estimation of the percent of unique population elements on a microdata file using the
    sample, US Bureau of the Census, 1991.
    """
    _check_fraction(sampling_fraction)
    sizes, n_classes_of_size = _histogram(classes)
    if sizes[0] != 1:
        return 0.0
    n_sample = classes.n_records
    chances = _chance_of_one(
        sizes, n_sample=n_sample, n_population=int(n_sample / sampling_fraction)
    )
    conditional = n_classes_of_size[0] * chances[0] / (n_classes_of_size * chances).sum()
    return float(n_classes_of_size[0] * conditional / n_sample)


def pitman_uniqueness(classes: EquivalenceClasses, sampling_fraction: float) -> float:
    """Estimate the share of the population that is unique, with Pitman's sampling formula.

    Both parameters are maximum likelihood estimates. Range [0, 1], lower is more private; 0 if the
    sample has no unique record.

    Parameters
    ----------
    classes
        The sample's partition.
    sampling_fraction
        The sample's share of the population, in (0, 1].

    Raises
    ------
    ValueError
        If the sampling fraction is outside (0, 1], or the likelihood has no maximum with
        0 < alpha < 1 and theta >= 0 (as for a sample of unique records only), or the estimate
        exceeds the population.

    References
    ----------
    Hoshino: Applying Pitman's sampling formula to microdata disclosure risk assessment, Journal of
    Official Statistics 17(4), 2001.
    """
    _check_fraction(sampling_fraction)
    sizes, n_classes_of_size = _histogram(classes)
    if sizes[0] != 1:
        return 0.0
    theta, alpha = pitman_parameters(sizes, n_classes_of_size)
    n_population = classes.n_records / sampling_fraction
    uniques = pitman_uniques(theta, alpha, n_population=n_population)
    return _as_share(uniques / n_population, model="Pitman's")


def slide_negative_binomial_uniqueness(
    classes: EquivalenceClasses, sampling_fraction: float
) -> float:
    """Estimate the share of the population that is unique, with slid negative binomial class sizes.

    Range [0, 1], lower is more private; 0 if the sample has no unique record.

    Parameters
    ----------
    classes
        The sample's partition.
    sampling_fraction
        The sample's share of the population, in (0, 1].

    Raises
    ------
    ValueError
        If the sampling fraction is outside (0, 1], or no parameters explain the numbers of sample
        classes of size 1 and 2.

    References
    ----------
    Chen, Keller-McNulty: Estimation of identification disclosure risk in microdata, Journal of
    Official Statistics 14(1), 1998.
    """
    _check_fraction(sampling_fraction)
    sizes, n_classes_of_size = _histogram(classes)
    if sizes[0] != 1:
        return 0.0
    uniques = snb_uniques(sizes, n_classes_of_size, sampling_fraction=sampling_fraction)
    n_population = classes.n_records / sampling_fraction
    return _as_share(uniques / n_population, model="the slide negative binomial")


def dankar_uniqueness(classes: EquivalenceClasses, sampling_fraction: float) -> UniquenessEstimate:
    """Estimate the share of the population that is unique, by the rule of Dankar et al.

    Pitman's model up to a sampling fraction of 0.1; above it the smaller of Zayatz's and the slide
    negative binomial estimate. Where the preferred model has no solution, Zayatz's stands in.

    Parameters
    ----------
    classes
        The sample's partition.
    sampling_fraction
        The sample's share of the population, in (0, 1].

    Raises
    ------
    ValueError
        If the sampling fraction is outside (0, 1].

    References
    ----------
    Dankar, El Emam, Neisa, Roffey: Estimating the re-identification risk of clinical data sets,
    BMC Medical Informatics and Decision Making 12:66, 2012, doi:10.1186/1472-6947-12-66.
    """
    _check_fraction(sampling_fraction)
    if classes.sizes.min() > 1:
        return UniquenessEstimate(fraction=0.0, model="none")
    zayatz = UniquenessEstimate(
        fraction=zayatz_uniqueness(classes, sampling_fraction), model="zayatz"
    )
    try:
        if sampling_fraction <= _SMALL_FRACTION:
            fraction = pitman_uniqueness(classes, sampling_fraction)
            return UniquenessEstimate(fraction=fraction, model="pitman")
        fraction = slide_negative_binomial_uniqueness(classes, sampling_fraction)
    except ValueError:  # the model has no solution on these sizes, which the rule foresees
        return zayatz
    if fraction < zayatz.fraction:
        return UniquenessEstimate(fraction=fraction, model="slide-negative-binomial")
    return zayatz


def _histogram(classes: EquivalenceClasses) -> tuple[IntArray, IntArray]:
    sizes, n_classes_of_size = np.unique(classes.sizes, return_counts=True)
    return sizes, n_classes_of_size


def _chance_of_one(sizes: IntArray, *, n_sample: int, n_population: int) -> FloatArray:
    """Return the chance that a sample holds exactly one of each class of these population sizes."""
    steps = np.arange(int(sizes[-1]) - 1)
    factors = np.maximum(n_population - n_sample - steps, 0) / np.maximum(
        n_population - 1 - steps, 1
    )
    missed = np.concatenate(([1.0], np.cumprod(factors)))
    return np.asarray(sizes * (n_sample / n_population) * missed[sizes - 1], dtype=np.float64)


def _check_fraction(sampling_fraction: float) -> None:
    if not 0.0 < sampling_fraction <= 1.0:
        raise ValueError(
            f"the sampling fraction is {sampling_fraction}, it must be above 0 and at most 1."
        )


def _as_share(share: float, *, model: str) -> float:
    if not 0.0 <= share <= 1.0:
        raise ValueError(
            f"{model} estimate of uniqueness is {share}, which is no share of records."
        )
    return share
