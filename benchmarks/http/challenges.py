"""The challenges that are served: their data, and how each server is told about them."""

from pathlib import Path

import attrs
import numpy as np
from sklearn.datasets import load_iris

SEED = 1

OUR_CONFIGURATION = """\
[challenges.bench]
type = "supervised-mia"
data = {{ source = "npz:{data}", split = {split}, seed = {seed} }}
mia_evaluation_dataset_length = {attack_length}
utility = ["accuracy"]
"""

PUBLISHED_MODULE = """\
import anomed_challenge
import numpy as np

with np.load({data!r}) as archive:
    X, y = archive["X"], archive["y"]
first, second = {boundaries}
parts = [slice(0, first), slice(first, second), slice(second, None)]
training, tuning, validation = (
    anomed_challenge.InMemoryNumpyArrays(X=X[part].copy(), y=y[part].copy()) for part in parts
)
del X, y

application = anomed_challenge.supervised_learning_MIA_challenge_server_factory(
    anomed_challenge.SupervisedLearningMIAChallenge(
        training_data=training,
        tuning_data=tuning,
        validation_data=validation,
        anonymizer_evaluator=anomed_challenge.strict_binary_accuracy,
        MIA_evaluator=anomed_challenge.evaluate_MIA,
        MIA_evaluation_dataset_length={attack_length},
        seed={seed},
    )
)
"""


@attrs.frozen(kw_only=True)
class Challenge:
    """A challenge's size; the fractions divide the records without a rest."""

    name: str
    n_records: int
    n_features: int
    fractions: tuple[float, float, float] = attrs.field(
        metadata={"help": "shares of training, tuning and validation data"}
    )
    attack_length: int

    @property
    def n_training(self) -> int:
        return round(self.fractions[0] * self.n_records)

    @property
    def n_tuning(self) -> int:
        return round(self.fractions[1] * self.n_records)

    def write_data(self, folder: Path) -> Path:
        """Write the data as an npz and return its path: noise that no compression makes smaller."""
        path = folder / f"{self.name}.npz"
        if self.name == "iris":
            features, labels = load_iris(return_X_y=True)
        else:
            rng = np.random.default_rng(SEED)
            features = rng.standard_normal((self.n_records, self.n_features))
            labels = rng.integers(0, 2, self.n_records)
        np.savez(path, X=features, y=labels)
        return path

    def write_training_file(self, data: Path) -> Path:
        """Write the training part alone, for a server that sends nothing but files."""
        path = data.with_name(f"{self.name}-training.npz")
        with np.load(data) as archive:
            X, y = archive["X"][: self.n_training], archive["y"][: self.n_training]
        np.savez(path, X=X, y=y)
        return path

    def write_prediction(self, folder: Path) -> Path:
        """Write a submission for the tuning split, compressed as the published clients do."""
        path = folder / f"{self.name}-prediction.npz"
        labels = np.random.default_rng(SEED).integers(0, 2, self.n_tuning)
        np.savez_compressed(path, prediction=labels)
        return path

    def our_configuration(self, data: Path) -> str:
        """Return the TOML that tells our server about this challenge."""
        return OUR_CONFIGURATION.format(
            data=data, split=list(self.fractions), seed=SEED, attack_length=self.attack_length
        )

    def published_module(self, data: Path) -> str:
        """Return the module that serves this challenge with anomed-challenge."""
        boundaries = (self.n_training, self.n_training + self.n_tuning)
        return PUBLISHED_MODULE.format(
            data=str(data), boundaries=boundaries, seed=SEED, attack_length=self.attack_length
        )


IRIS = Challenge(
    name="iris", n_records=150, n_features=4, fractions=(0.6, 0.2, 0.2), attack_length=5
)
MEDIUM = Challenge(
    name="medium",
    n_records=200_000,
    n_features=100,
    fractions=(0.25, 0.25, 0.5),
    attack_length=1000,
)
"""50,000 training records of 100 features, and as many to predict."""

LARGE = Challenge(
    name="large", n_records=500_000, n_features=100, fractions=(0.4, 0.2, 0.4), attack_length=100
)
"""200,000 training records of 100 features, and as many for validation."""
