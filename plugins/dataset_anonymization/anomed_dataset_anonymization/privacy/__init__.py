"""Privacy of an anonymized table: syntactic models and re-identification risk.

Everything follows from one partition of the rows into equivalence classes and one contingency table
of these with a sensitive column.

Examples
--------
>>> import pandas as pd
>>> table = pd.DataFrame({"age": ["30-39"] * 3 + ["40-49"] * 2, "illness": list("abaab")})
>>> classes = equivalence_classes(table[["age"]])
>>> profile = privacy_profile(classes, contingency(classes, table["illness"]))
>>> profile.k, profile.distinct_l, round(profile.t, 3)
(2, 2, 0.1)
"""

from anomed_dataset_anonymization.privacy.classes import (
    Codes,
    EquivalenceClasses,
    classes_of_codes,
    codes_of,
    equivalence_classes,
)
from anomed_dataset_anonymization.privacy.closeness import (
    t_closeness_equal,
    t_closeness_hierarchical,
    t_closeness_ordered,
)
from anomed_dataset_anonymization.privacy.contingency import Contingency, contingency
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
from anomed_dataset_anonymization.privacy.profile import PrivacyProfile, privacy_profile
from anomed_dataset_anonymization.privacy.published import published_classes, published_profile
from anomed_dataset_anonymization.privacy.reidentification import (
    ReidentificationRisk,
    delta_presence,
    effective_k,
    journalist_risk,
    k_anonymity,
    k_map,
    people_declared,
    prosecutor_risk,
)
from anomed_dataset_anonymization.privacy.uniqueness import (
    UniquenessEstimate,
    dankar_uniqueness,
    pitman_uniqueness,
    sample_uniqueness,
    slide_negative_binomial_uniqueness,
    zayatz_uniqueness,
)

__all__ = [
    "Codes",
    "Contingency",
    "EquivalenceClasses",
    "PrivacyProfile",
    "ReidentificationRisk",
    "UniquenessEstimate",
    "alpha",
    "basic_beta",
    "classes_of_codes",
    "codes_of",
    "contingency",
    "dankar_uniqueness",
    "delta_disclosure",
    "delta_disclosure_present",
    "delta_presence",
    "distinct_l",
    "effective_k",
    "enhanced_beta",
    "entropy_l",
    "equivalence_classes",
    "journalist_risk",
    "k_anonymity",
    "k_map",
    "people_declared",
    "pitman_uniqueness",
    "privacy_profile",
    "prosecutor_risk",
    "published_classes",
    "published_profile",
    "recursive_c",
    "sample_uniqueness",
    "slide_negative_binomial_uniqueness",
    "t_closeness_equal",
    "t_closeness_hierarchical",
    "t_closeness_ordered",
    "zayatz_uniqueness",
]
