"""Numbers behind the simulated hospital register.

They are invented so that the margins look like those of a national discharge statistic; none is
an estimate from real patients.
"""

import attrs

AGE_KNOTS = (0, 8, 25, 45, 65, 85, 105)
"""Ages in years at which `Chapter.intensities` are given; linear in between."""


@attrs.frozen(kw_only=True)
class Region:
    """Where patients live: share of all patients, age structure and care.

    `older_years` shifts the age of adults, `respiratory_ratio` multiplies the intensity of
    respiratory diagnoses, `emergency_log_odds` and `transfer_log_odds` say how people come and go.
    """

    name: str
    share: float
    older_years: float = 0.0
    respiratory_ratio: float = 1.0
    emergency_log_odds: float = 0.0
    transfer_log_odds: float = 0.0


# fmt: off
REGIONS = (
    Region(name="capital", share=0.24, older_years=-5, transfer_log_odds=-0.6),
    Region(name="harbour", share=0.15, older_years=-2, respiratory_ratio=1.2),
    Region(name="lowlands", share=0.14),
    Region(name="mining belt", share=0.11, respiratory_ratio=1.7, emergency_log_odds=0.2),
    Region(name="hills", share=0.09, older_years=2),
    Region(name="north coast", share=0.08, older_years=3),
    Region(name="south coast", share=0.07, older_years=6, emergency_log_odds=-0.2),
    Region(name="lakes", share=0.05, older_years=4),
    Region(name="east border", share=0.04, older_years=5, transfer_log_odds=0.4),
    Region(name="forest", share=0.02, older_years=5, transfer_log_odds=0.7),
    Region(name="alps", share=0.008, emergency_log_odds=0.5, transfer_log_odds=1.0),
    Region(
        name="islands", share=0.002, older_years=8, emergency_log_odds=0.6, transfer_log_odds=1.6,
    ),
)
# fmt: on


@attrs.frozen(kw_only=True)
class Chapter:
    """A diagnosis chapter: who gets it, how ill they are, and what the laboratory sees.

    Attributes
    ----------
    name
        Short name of the chapter of the International Classification of Diseases.
    intensities
        Relative frequency of admissions at `AGE_KNOTS`.
    female_ratio
        Intensity among women relative to men.
    winter_ratio
        Intensity in January relative to the mean of the year.
    severity
        Mean of the latent severity, in standard deviations.
    stay_days
        Median length of stay at severity 0, in days.
    emergency_share
        Share of emergencies among admissions at average age.
    laboratory
        Shift of a value's latent scale: g/dL, mmol/L or log units, see `LaboratoryTest`.
    """

    name: str
    intensities: tuple[float, ...]
    female_ratio: float = 1.0
    winter_ratio: float = 1.0
    severity: float = 0.0
    stay_days: float = 4.0
    emergency_share: float = 0.5
    laboratory: dict[str, float] = attrs.field(factory=dict)


NEVER = (0.0,) * len(AGE_KNOTS)

# fmt: off
CHAPTERS = (
    Chapter(
        name="infectious", intensities=(12, 8, 4, 4, 6, 9, 10), winter_ratio=1.25, severity=0.5,
        stay_days=5.5, emergency_share=0.85, laboratory={"crp": 1.7, "leukocytes": 0.4},
    ),
    Chapter(
        name="neoplasms", intensities=(0.5, 2, 3, 16, 28, 14, 5), severity=0.5, stay_days=5.5,
        emergency_share=0.2, laboratory={"hemoglobin": -1.4, "crp": 0.6},
    ),
    Chapter(
        name="blood", intensities=(0.4, 0.6, 0.5, 0.6, 0.9, 1.3, 1.2), severity=0.3, stay_days=4.5,
        laboratory={"hemoglobin": -3.0, "leukocytes": -0.3},
    ),
    Chapter(
        name="endocrine", intensities=(0.8, 1.5, 2, 4, 5, 5, 4), stay_days=5, emergency_share=0.45,
        laboratory={"glucose": 0.6, "sodium": -1.5},
    ),
    Chapter(
        name="mental", intensities=(0.1, 3, 14, 13, 6, 4, 3), severity=-0.6, stay_days=15,
        emergency_share=0.6,
    ),
    Chapter(
        name="nervous", intensities=(1, 3, 4, 6, 6, 5, 3), severity=-0.1, emergency_share=0.45,
    ),
    Chapter(
        name="eye", intensities=(0.2, 0.4, 0.4, 1, 2.5, 2.5, 1), severity=-1.3, stay_days=1.2,
        emergency_share=0.1,
    ),
    Chapter(
        name="ear", intensities=(0.6, 1.2, 0.5, 0.8, 0.8, 0.6, 0.3), severity=-1.1, stay_days=2.5,
        emergency_share=0.35,
    ),
    Chapter(
        name="circulatory", intensities=(0.3, 0.4, 2, 14, 34, 46, 48), female_ratio=0.8,
        winter_ratio=1.12, severity=0.5, stay_days=5.5, emergency_share=0.6,
        laboratory={"creatinine": 0.2, "crp": 0.2, "glucose": 0.1},
    ),
    Chapter(
        name="respiratory", intensities=(16, 14, 4, 4, 8, 13, 16), female_ratio=0.85,
        winter_ratio=1.9, severity=0.4, stay_days=5, emergency_share=0.7,
        laboratory={"crp": 1.2, "leukocytes": 0.3},
    ),
    Chapter(
        name="digestive", intensities=(4, 9, 11, 14, 13, 11, 9), female_ratio=0.95, stay_days=4,
        emergency_share=0.55, laboratory={"crp": 0.7, "hemoglobin": -0.4, "leukocytes": 0.2},
    ),
    Chapter(
        name="skin", intensities=(1, 1.5, 2, 2, 1.6, 1.6, 1.5), severity=-0.7, stay_days=4,
        emergency_share=0.45, laboratory={"crp": 0.6},
    ),
    Chapter(
        name="musculoskeletal", intensities=(0.3, 2.5, 5, 14, 17, 8, 3), female_ratio=1.15,
        severity=-0.7, stay_days=4.5, emergency_share=0.12, laboratory={"crp": 0.2},
    ),
    Chapter(
        name="genitourinary", intensities=(2, 2, 5, 8, 10, 10, 9), female_ratio=1.1, stay_days=3.5,
        emergency_share=0.45, laboratory={"creatinine": 0.5, "crp": 0.5, "sodium": -0.5},
    ),
    Chapter(
        name="pregnancy", intensities=NEVER, severity=-1.2, stay_days=3.5,
        laboratory={"hemoglobin": -1.3, "leukocytes": 0.3},
    ),
    Chapter(
        name="perinatal", intensities=NEVER, severity=0.0, stay_days=6,
        laboratory={"hemoglobin": 3.0, "leukocytes": 0.4},
    ),
    Chapter(
        name="congenital", intensities=(8, 2, 0.6, 0.4, 0.2, 0.1, 0.05), severity=0.1,
        stay_days=4.5, emergency_share=0.12,
    ),
    Chapter(
        name="symptoms", intensities=(3, 4, 4, 5, 6, 8, 9), severity=-0.7, stay_days=2.2,
        emergency_share=0.7,
    ),
    Chapter(
        name="injury", intensities=(5, 14, 14, 10, 10, 18, 24), female_ratio=0.9, winter_ratio=1.08,
        severity=-0.1, stay_days=4, emergency_share=0.85, laboratory={"hemoglobin": -0.8},
    ),
    Chapter(
        name="other contact", intensities=(3, 0.5, 1, 1.5, 1.5, 1, 0.8), severity=-0.9,
        stay_days=2, emergency_share=0.1,
    ),
)
# fmt: on

FERTILE_AGES = (12, 55)
"""First and last age in years at which women are admitted with a pregnancy."""

PREGNANCY_PEAK = (30.0, 6.0, 110.0)
"""Age of most pregnancies and its spread in years, and the intensity there."""

PERINATAL_INTENSITY = 90.0
"""Intensity of perinatal diagnoses at age 0, and of none later."""

AGE_GROUPS = ((0.05, 0, 0), (0.07, 1, 17))
"""Share, first and last age of newborns and of children; ages are uniform within a group."""

ADULT_AGE = 18
MEAN_ADULT_AGE = 61.0
ADULT_AGE_CONCENTRATION = 5.2
"""Adults' ages in years: a beta distribution, stretched from 18 to past the oldest age.

The concentration is the sum of both parameters of the distribution.
"""

OLDEST_AGE = 105


@attrs.frozen(kw_only=True)
class LaboratoryTest:
    """One laboratory value: its healthy level and what moves it.

    The latent value is ``level + male_shift + age_slope * (age - 50) / 10 + severity_slope *
    severity + chapter shift + spread * noise``; it is exponentiated where `is_logarithmic`, then
    rounded to `step` and cut off at `low` and `high`, all in `unit`.
    """

    name: str
    unit: str
    level: float
    male_shift: float
    age_slope: float
    severity_slope: float
    spread: float
    low: float
    high: float
    step: float
    is_logarithmic: bool


# fmt: off
TESTS = (
    LaboratoryTest(
        name="hemoglobin", unit="g/dL", level=13.4, male_shift=1.2, age_slope=-0.15,
        severity_slope=-0.6, spread=1.2, low=3.0, high=24.0, step=0.1, is_logarithmic=False,
    ),
    LaboratoryTest(
        name="creatinine", unit="umol/L", level=4.25, male_shift=0.2, age_slope=0.05,
        severity_slope=0.14, spread=0.28, low=10, high=2000, step=1, is_logarithmic=True,
    ),
    LaboratoryTest(
        name="sodium", unit="mmol/L", level=139.8, male_shift=0.0, age_slope=-0.15,
        severity_slope=-0.6, spread=2.8, low=100, high=180, step=1, is_logarithmic=False,
    ),
    LaboratoryTest(
        name="crp", unit="mg/L", level=1.5, male_shift=0.1, age_slope=0.08,
        severity_slope=0.55, spread=1.0, low=0.2, high=600.0, step=0.1, is_logarithmic=True,
    ),
    LaboratoryTest(
        name="leukocytes", unit="1e9/L", level=2.05, male_shift=0.0, age_slope=-0.02,
        severity_slope=0.12, spread=0.3, low=0.1, high=200.0, step=0.1, is_logarithmic=True,
    ),
    LaboratoryTest(
        name="glucose", unit="mmol/L", level=1.75, male_shift=0.03, age_slope=0.03,
        severity_slope=0.06, spread=0.22, low=1.0, high=60.0, step=0.1, is_logarithmic=True,
    ),
)
# fmt: on

LABORATORY_CORRELATION = (
    (1.00, -0.20, 0.10, -0.30, -0.05, 0.00),
    (-0.20, 1.00, -0.10, 0.15, 0.05, 0.15),
    (0.10, -0.10, 1.00, -0.10, -0.05, -0.20),
    (-0.30, 0.15, -0.10, 1.00, 0.45, 0.10),
    (-0.05, 0.05, -0.05, 0.45, 1.00, 0.15),
    (0.00, 0.15, -0.20, 0.10, 0.15, 1.00),
)
"""Correlation of the noise of `TESTS`, in their order."""
