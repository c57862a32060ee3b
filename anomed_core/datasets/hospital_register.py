"""Simulate a hospital register: one row a patient, no real person behind it.

The columns are drawn one after the other, each given those before it:

1. region and month; age given region: newborns, children, and adults around an age that
   differs by region; sex given age; people over 100 and two of the regions are rare;
2. diagnosis chapter given age, sex, month and region: relative intensities, piecewise linear in
   age, times ratios for women, winter and region; pregnancies and perinatal diagnoses have
   ages of their own;
3. admission type given diagnosis, age and region;
4. a latent severity, normal given diagnosis, age and admission type, cut into the four
   published grades;
5. length of stay given diagnosis, severity and age: log-normal, rounded down to whole days;
6. six laboratory values given sex, age, diagnosis and severity, with correlated noise;
7. outcome given age, severity, laboratory values, length of stay and region: a multinomial
   logit.

Steps 5 to 7 use the latent severity, so the published grades don't explain everything.
"""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from anomed_core.datasets import _hospital_parameters as parameters
from anomed_core.datasets._hospital_codebook import (
    ADMISSION_TYPES,
    HOSPITAL_REGISTER,
    LONGEST_STAY_DAYS,
)
from anomed_core.model.codebook import CodebookColumn

if TYPE_CHECKING:
    import pandas as pd

SEVERITY_THRESHOLDS = (0.3, 1.5, 2.6)
"""Latent severities, in standard deviations, at which the next grade begins."""

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]


def simulate_hospital_register(n_patients: int, *, rng: np.random.Generator) -> pd.DataFrame:
    """Draw a register of independent patients from the model of this module.

    Parameters
    ----------
    n_patients
        Number of rows, at least 1.
    rng
        Source of randomness; the same state gives the same register.

    Returns
    -------
    pandas.DataFrame
        The columns of `HOSPITAL_REGISTER`, complete, with a plain index. Whole numbers are int64,
        laboratory values with fractions float64, all others categories (ordered for the severity).

    Raises
    ------
    ValueError
        If `n_patients` is below 1.

    Examples
    --------
    >>> register = simulate_hospital_register(1_000, rng=np.random.default_rng(7))
    >>> list(register.columns[:5])
    ['age', 'sex', 'region', 'admission_month', 'admission_type']
    >>> bool((register.loc[register["diagnosis"] == "perinatal", "age"] == 0).all())
    True
    """
    if n_patients < 1:
        raise ValueError(f"n_patients must be at least 1, got {n_patients}.")
    shares = np.array([region.share for region in parameters.REGIONS])
    region = _draw_codes(np.cumsum(shares), rng.random(n_patients))
    age = _draw_ages(region, rng=rng)
    female_share = np.interp(age, (0, 60, 95), (0.49, 0.50, 0.70))
    male = (rng.random(n_patients) >= female_share).astype(np.int64)
    month = rng.integers(1, 13, size=n_patients)
    diagnosis = _draw_diagnoses(age, male=male, month=month, region=region, rng=rng)
    admission = _draw_admissions(age, diagnosis=diagnosis, region=region, rng=rng)
    severity = _draw_severities(age, diagnosis=diagnosis, admission=admission, rng=rng)
    stay = _draw_stays(age, diagnosis=diagnosis, severity=severity, rng=rng)
    laboratory = _draw_laboratory(age, male=male, diagnosis=diagnosis, severity=severity, rng=rng)
    outcome = _draw_outcomes(
        age, severity=severity, stay=stay, laboratory=laboratory, region=region, rng=rng
    )
    drawn = {
        "age": age,
        "sex": male,
        "region": region,
        "admission_month": month,
        "admission_type": admission,
        "diagnosis": diagnosis,
        "severity": np.searchsorted(SEVERITY_THRESHOLDS, severity),
        "length_of_stay": stay,
        **laboratory,
        "outcome": outcome,
    }
    import pandas as pd

    return pd.DataFrame(
        {column.name: _as_cells(drawn[column.name], column) for column in HOSPITAL_REGISTER}
    )


def _as_cells(
    values: Integers | Floats, column: CodebookColumn
) -> Integers | Floats | pd.Categorical:
    if column.kind == "cardinal":
        return values
    import pandas as pd

    return pd.Categorical.from_codes(
        values, categories=list(column.values), ordered=column.kind == "ordinal"
    )


def _draw_codes(cumulative: Floats, uniform: Floats) -> Integers:
    """Turn uniform numbers into positions in a cumulative distribution of any total."""
    codes: Integers = np.searchsorted(cumulative, uniform * cumulative[-1], side="right")
    return codes


def _draw_ages(region: Integers, *, rng: np.random.Generator) -> Integers:
    older = np.array([place.older_years for place in parameters.REGIONS])[region]
    span = parameters.OLDEST_AGE + 1 - parameters.ADULT_AGE
    mean = (parameters.MEAN_ADULT_AGE + older - parameters.ADULT_AGE) / span
    weight = parameters.ADULT_AGE_CONCENTRATION
    fraction = rng.beta(weight * mean, weight * (1 - mean))
    age = (parameters.ADULT_AGE + span * fraction).astype(np.int64)
    group = rng.random(len(region))
    begin = 0.0
    for share, first, last in parameters.AGE_GROUPS:
        young = rng.integers(first, last, endpoint=True, size=len(region))
        age = np.where((group >= begin) & (group < begin + share), young, age)
        begin += share
    return age


@functools.cache
def _cumulative_intensities() -> Floats:
    """Tabulate the diagnoses for each age, sex, month and region.

    Returns float64 of shape ``(n_chapters, n_ages * 2 * 12 * n_regions)``, cumulative along the
    chapters and divided by their total.
    """
    ages = np.arange(parameters.OLDEST_AGE + 1)
    regions = parameters.REGIONS
    shape = (len(parameters.CHAPTERS), len(ages), 2, 12, len(regions))
    table = np.empty(shape)
    winter = np.cos(2 * np.pi * np.arange(12) / 12)
    for position, chapter in enumerate(parameters.CHAPTERS):
        of_month = 1 + (chapter.winter_ratio - 1) * winter
        of_region = np.ones(len(regions))
        if chapter.name == "respiratory":
            of_region = np.array([region.respiratory_ratio for region in regions])
        profile = _age_profile(chapter, ages)[..., np.newaxis, np.newaxis]
        table[position] = profile * np.multiply.outer(of_month, of_region)
    cumulative = table.reshape(len(table), -1).cumsum(axis=0)
    cumulative /= cumulative[-1]
    return cumulative


def _age_profile(chapter: parameters.Chapter, ages: Integers) -> Floats:
    """Return the intensities of a chapter, of shape ``(n_ages, 2)``, for women and men."""
    both = np.interp(ages, parameters.AGE_KNOTS, chapter.intensities)
    profile = np.stack([both * chapter.female_ratio, both], axis=1)
    if chapter.name == "pregnancy":
        first, last = parameters.FERTILE_AGES
        center, spread, peak = parameters.PREGNANCY_PEAK
        bell = peak * np.exp(-0.5 * ((ages - center) / spread) ** 2)
        profile[:, 0] = np.where((ages >= first) & (ages <= last), bell, 0)
    if chapter.name == "perinatal":
        profile[0] = parameters.PERINATAL_INTENSITY
    return profile


def _draw_diagnoses(
    age: Integers,
    *,
    male: Integers,
    month: Integers,
    region: Integers,
    rng: np.random.Generator,
) -> Integers:
    cell = ((age * 2 + male) * 12 + month - 1) * len(parameters.REGIONS) + region
    uniform = rng.random(len(age))
    diagnosis = np.zeros(len(age), dtype=np.int64)
    for cumulative in _cumulative_intensities()[:-1]:
        diagnosis += uniform >= cumulative[cell]
    return diagnosis


def _draw_admissions(
    age: Integers, *, diagnosis: Integers, region: Integers, rng: np.random.Generator
) -> Integers:
    share = np.array([chapter.emergency_share for chapter in parameters.CHAPTERS])[diagnosis]
    log_odds = np.log(share / (1 - share)) + np.where(age >= 18, 0.015 * (age - 55), 0.2)
    log_odds += np.array([place.emergency_log_odds for place in parameters.REGIONS])[region]
    emergency = rng.random(len(age)) * (1 + np.exp(-log_odds)) < 1
    transferred = rng.random(len(age)) < 0.05
    perinatal = [chapter.name for chapter in parameters.CHAPTERS].index("perinatal")
    born = (age == 0) & (rng.random(len(age)) < np.where(diagnosis == perinatal, 0.85, 0.2))
    kind = np.where(
        emergency, ADMISSION_TYPES.index("emergency"), ADMISSION_TYPES.index("elective")
    )
    kind = np.where(transferred, ADMISSION_TYPES.index("transfer"), kind)
    return np.where(born, ADMISSION_TYPES.index("birth"), kind)


def _draw_severities(
    age: Integers, *, diagnosis: Integers, admission: Integers, rng: np.random.Generator
) -> Floats:
    mean = np.array([chapter.severity for chapter in parameters.CHAPTERS])[diagnosis]
    of_admission = dict.fromkeys(ADMISSION_TYPES, 0.0) | {"emergency": 0.4, "transfer": 0.8}
    mean += np.array(list(of_admission.values()))[admission]
    return mean + 0.02 * np.maximum(age - 50, 0) + rng.standard_normal(len(age))


def _draw_stays(
    age: Integers, *, diagnosis: Integers, severity: Floats, rng: np.random.Generator
) -> Integers:
    median = np.array([chapter.stay_days for chapter in parameters.CHAPTERS])[diagnosis]
    log_days = np.log(median) + 0.28 * severity + 0.004 * np.maximum(age - 60, 0)
    days: Floats = np.exp(log_days + 0.6 * rng.standard_normal(len(age)))
    return days.clip(max=LONGEST_STAY_DAYS).astype(np.int64)


def _draw_laboratory(
    age: Integers,
    *,
    male: Integers,
    diagnosis: Integers,
    severity: Floats,
    rng: np.random.Generator,
) -> dict[str, Integers | Floats]:
    factor = np.linalg.cholesky(np.array(parameters.LABORATORY_CORRELATION))
    noise = factor @ rng.standard_normal((len(parameters.TESTS), len(age)))
    laboratory = {}
    for test, own_noise in zip(parameters.TESTS, noise, strict=True):
        shift = np.array([chapter.laboratory.get(test.name, 0) for chapter in parameters.CHAPTERS])
        value = test.level + shift[diagnosis] + test.spread * own_noise
        value += test.male_shift * male * (age >= 14) + test.age_slope * (age - 50) / 10
        value += test.severity_slope * severity
        if test.is_logarithmic:
            value = np.exp(value)
        value = np.clip(value, test.low, test.high)
        whole = isinstance(test.step, int)
        laboratory[test.name] = np.rint(value).astype(np.int64) if whole else np.round(value, 1)
    return laboratory


def _draw_outcomes(
    age: Integers,
    *,
    severity: Floats,
    stay: Integers,
    laboratory: dict[str, Integers | Floats],
    region: Integers,
    rng: np.random.Generator,
) -> Integers:
    old = np.maximum(age - 50, 0)
    inflammation = np.log(laboratory["crp"])
    kidney = np.log(laboratory["creatinine"])
    anemia = np.maximum(13 - laboratory["hemoglobin"], 0)
    small_place = np.array([place.transfer_log_odds for place in parameters.REGIONS])[region]
    utility = np.stack(
        [
            np.zeros(len(age)),
            -5.2 + 0.05 * old + 0.35 * severity + 0.35 * np.log1p(stay),
            -3.9 + 0.35 * severity + small_place,
            -10.2 + 0.035 * old + 0.9 * severity + 0.2 * inflammation + 0.8 * kidney + 0.2 * anemia,
        ]
    )
    outcome: Integers = np.argmax(utility + rng.gumbel(size=utility.shape), axis=0)
    return outcome
