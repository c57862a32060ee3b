"""What the columns of the simulated hospital register mean."""

from anomed_core.datasets import _hospital_parameters as parameters
from anomed_core.model.codebook import CodebookColumn

SEXES = ("female", "male")
ADMISSION_TYPES = ("elective", "emergency", "transfer", "birth")
SEVERITIES = ("minor", "moderate", "major", "extreme")
OUTCOMES = ("home", "care facility", "other hospital", "died")

LONGEST_STAY_DAYS = 365

HOSPITAL_REGISTER: tuple[CodebookColumn, ...] = (
    CodebookColumn(
        name="age",
        kind="cardinal",
        role="qi",
        description="Age at admission in completed years.",
        unit="years",
        low=0,
        high=parameters.OLDEST_AGE,
        step=1,
    ),
    CodebookColumn(
        name="sex", kind="nominal", role="qi", description="Registered sex.", values=SEXES
    ),
    CodebookColumn(
        name="region",
        kind="nominal",
        role="qi",
        description="Where the patient lives.",
        values=tuple(region.name for region in parameters.REGIONS),
    ),
    CodebookColumn(
        name="admission_month",
        kind="cardinal",
        role="qi",
        description="Calendar month of the admission, 1 is January.",
        unit="months",
        low=1,
        high=12,
        step=1,
    ),
    CodebookColumn(
        name="admission_type",
        kind="nominal",
        role="qi",
        description="How the patient came into hospital.",
        values=ADMISSION_TYPES,
    ),
    CodebookColumn(
        name="diagnosis",
        kind="nominal",
        role="sensitive",
        description="Chapter of the main diagnosis.",
        values=tuple(chapter.name for chapter in parameters.CHAPTERS),
    ),
    CodebookColumn(
        name="severity",
        kind="ordinal",
        role="other",
        description="Grade of illness at admission.",
        values=SEVERITIES,
    ),
    CodebookColumn(
        name="length_of_stay",
        kind="cardinal",
        role="qi",
        description="Nights in hospital; 0 is a day case.",
        unit="days",
        low=0,
        high=LONGEST_STAY_DAYS,
        step=1,
    ),
    *(
        CodebookColumn(
            name=test.name,
            kind="cardinal",
            role="other",
            description="First laboratory value after admission.",
            unit=test.unit,
            low=test.low,
            high=test.high,
            step=test.step,
        )
        for test in parameters.TESTS
    ),
    CodebookColumn(
        name="outcome",
        kind="nominal",
        role="sensitive",
        description="Where the patient went when leaving the ward.",
        values=OUTCOMES,
    ),
)
"""The columns of the register, in order."""
