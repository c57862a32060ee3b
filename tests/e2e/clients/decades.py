"""Ages in decades as an AnoMed anonymizer for tables, in a file that does not compress."""

import os

import anomed_anonymizer
import numpy as np
import pandas as pd


class Decades(anomed_anonymizer.TabularDataAnonymizer):
    """Generalise ages to decades, and add to laboratory values less than they are told apart by."""

    def anonymize(self, leaky_data: pd.DataFrame) -> tuple[pd.DataFrame, str]:
        decade = leaky_data["age"] // 10 * 10
        oldest = leaky_data["age"].max()
        anonymized = leaky_data.drop(columns="age").assign(
            age_min=decade, age_max=(decade + 9).clip(upper=oldest)
        )
        rng = np.random.default_rng(0)
        for name in anonymized.select_dtypes("float64"):
            values = anonymized[name]
            blurred = values + rng.uniform(-1e-3, 1e-3, len(values))
            anonymized[name] = blurred.clip(values.min(), values.max())
        return anonymized, "generalization"


challenge = os.environ["CHALLENGE_URL"]

application = anomed_anonymizer.tabular_data_anonymizer_server_factory(
    anonymizer_identifier=os.environ["ANONYMIZER"],
    anonymizer_obj=Decades(),
    output_dir=os.environ["OUTPUT_FOLDER"],
    leaky_data_url=f"{challenge}/data/anonymizer/leaky",
    utility_evaluation_url=f"{challenge}/utility/anonymizer{os.environ.get('QUERY', '')}",
)
