"""Rounding as an AnoMed anonymizer for tables."""

import os

import anomed_anonymizer
import pandas as pd


class Rounding(anomed_anonymizer.TabularDataAnonymizer):
    """Round every floating-point column to whole numbers; the table keeps its columns and types."""

    def anonymize(self, leaky_data: pd.DataFrame) -> tuple[pd.DataFrame, str]:
        return leaky_data.round(0), "same"


challenge = os.environ["CHALLENGE_URL"]

application = anomed_anonymizer.tabular_data_anonymizer_server_factory(
    anonymizer_identifier=os.environ["ANONYMIZER"],
    anonymizer_obj=Rounding(),
    output_dir=os.environ["OUTPUT_FOLDER"],
    leaky_data_url=f"{challenge}/data/anonymizer/leaky",
    utility_evaluation_url=f"{challenge}/utility/anonymizer",
)
