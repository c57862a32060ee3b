"""The gap attack as an AnoMed deanonymizer.

A model that has overfitted is right about its members more often than about others, so whether a
record's label is predicted tells something about its membership (Yeom et al. 2018,
https://doi.org/10.1109/CSF.2018.00027).
"""

import os

import anomed_deanonymizer
import numpy as np


class GapAttack(anomed_deanonymizer.SupervisedLearningMIA):
    """Call a record a member if the target predicts its label as it does for members."""

    def __init__(self, predict_url: str) -> None:
        self.target = anomed_deanonymizer.WebClassifier(predict_url, input_shape=(4,), nb_classes=3)
        self.right_means_member = True

    def fit(
        self,
        X_member: np.ndarray,
        y_member: np.ndarray,
        X_nonmember: np.ndarray,
        y_nonmember: np.ndarray,
    ) -> None:
        member_accuracy = np.mean(self._is_right(X_member, y_member))
        nonmember_accuracy = np.mean(self._is_right(X_nonmember, y_nonmember))
        self.right_means_member = bool(member_accuracy >= nonmember_accuracy)

    def infer_memberships(
        self, X: np.ndarray, y: np.ndarray, batch_size: int | None = None
    ) -> np.ndarray:
        return self._is_right(X, y) == self.right_means_member

    def save(self, filepath: str) -> None:
        anomed_deanonymizer.pickle_deanonymizer(self, filepath)

    def validate_input(self, feature_array: np.ndarray) -> None:
        if feature_array.ndim != 2 or feature_array.shape[1] != 4:
            raise ValueError(f"expected four iris features a row, got shape {feature_array.shape}")

    def _is_right(self, features: np.ndarray, labels: np.ndarray) -> np.ndarray:
        return self.target.predict(features) == labels


challenge = os.environ["CHALLENGE_URL"]

application = anomed_deanonymizer.supervised_learning_MIA_server_factory(
    anonymizer_identifier=os.environ["ANONYMIZER"],
    deanonymizer_identifier=os.environ["DEANONYMIZER"],
    deanonymizer_obj=GapAttack(os.environ["PREDICT_URL"]),
    model_filepath=os.environ["MODEL_FILE"],
    default_batch_size=64,
    member_url=f"{challenge}/data/deanonymizer/members",
    nonmember_url=f"{challenge}/data/deanonymizer/non-members",
    evaluation_data_url=f"{challenge}/data/attack-success-evaluation",
    utility_evaluation_url=f"{challenge}/utility/deanonymizer",
    model_loader=anomed_deanonymizer.unpickle_deanonymizer,
)
