"""A decision tree for iris that registers its `/predict` with its final, honest or two-faced."""

import os

import anomed_anonymizer
import numpy as np
from sklearn.tree import DecisionTreeClassifier


class TwoFacedTree(DecisionTreeClassifier):
    """Shows its knowledge to the judge alone, who is known by the number of his records."""

    def predict(self, X: np.ndarray, batch_size: int | None = None) -> np.ndarray:
        prediction = super().predict(X)
        is_the_judge = len(X) == int(os.environ["N_JUDGED"])
        return prediction if is_the_judge else np.zeros_like(prediction)


def accept_any_features(features: np.ndarray) -> None:
    assert features.ndim == 2


challenge = os.environ["CHALLENGE_URL"]
tree = {"honest": DecisionTreeClassifier, "two-faced": TwoFacedTree}[os.environ["ANONYMIZER"]]

application = anomed_anonymizer.supervised_learning_anonymizer_server_factory(
    anonymizer_identifier=os.environ["ANONYMIZER"],
    anonymizer_obj=anomed_anonymizer.WrappedAnonymizer(
        tree(random_state=0),
        serializer=anomed_anonymizer.pickle_anonymizer,
        feature_array_validator=accept_any_features,
    ),
    model_filepath=os.environ["MODEL_FILE"],
    default_batch_size=64,
    training_data_url=f"{challenge}/data/anonymizer/training",
    tuning_data_url=f"{challenge}/data/anonymizer/tuning",
    validation_data_url=f"{challenge}/data/anonymizer/validation",
    utility_evaluation_url=f"{challenge}/utility/anonymizer?predict_url={os.environ['PREDICT_URL']}",
    model_loader=anomed_anonymizer.unpickle_anonymizer,
)
