"""A decision tree for iris as an AnoMed anonymizer."""

import os

import anomed_anonymizer
import numpy as np
from sklearn.tree import DecisionTreeClassifier


def require_iris_features(features: np.ndarray) -> None:
    if features.ndim != 2 or features.shape[1] != 4:
        raise ValueError(
            f"expected four iris features a row, got an array of shape {features.shape}"
        )


challenge = os.environ["CHALLENGE_URL"]

application = anomed_anonymizer.supervised_learning_anonymizer_server_factory(
    anonymizer_identifier=os.environ["ANONYMIZER"],
    anonymizer_obj=anomed_anonymizer.WrappedAnonymizer(
        DecisionTreeClassifier(random_state=0),
        serializer=anomed_anonymizer.pickle_anonymizer,
        feature_array_validator=require_iris_features,
    ),
    model_filepath=os.environ["MODEL_FILE"],
    default_batch_size=64,
    training_data_url=f"{challenge}/data/anonymizer/training",
    tuning_data_url=f"{challenge}/data/anonymizer/tuning",
    validation_data_url=f"{challenge}{os.environ['VALIDATION_ROUTE']}",
    utility_evaluation_url=f"{challenge}/utility/anonymizer",
    model_loader=anomed_anonymizer.unpickle_anonymizer,
)
