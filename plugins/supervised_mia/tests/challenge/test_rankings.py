"""Who wins on the served type: a model that knows its records by heart does not."""

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression
from sklearn.neighbors import KNeighborsClassifier


class ByHeart:
    """A nearest neighbour that is sure of what it has seen."""

    def fit(self, X, y):
        self.nearest = KNeighborsClassifier(n_neighbors=1).fit(X, y)
        return self

    def predict(self, X):
        return self.nearest.predict(X)

    def predict_proba(self, X):
        distances, _ = self.nearest.kneighbors(X)
        sure = np.where(distances == 0, 1.0, 0.6)
        chosen = self.nearest.predict_proba(X)
        return sure * chosen + (1 - sure) * (1 - chosen) / (chosen.shape[1] - 1)


class Constant:
    """Says the same of everybody."""

    def fit(self, X, y):
        self.share = np.bincount(y) / len(y)
        return self

    def predict(self, X):
        return np.full(len(X), self.share.argmax())

    def predict_proba(self, X):
        return np.tile(self.share, (len(X), 1))


MODELS = {
    "heart": ByHeart(),
    "honest": LogisticRegression(C=0.01, max_iter=300),
    "same": Constant(),
}


@pytest.fixture
def table(open_digits, participant, serving_model):
    from anomed_core.cli.audit import _attack

    server = open_digits(audit_hosts=("127.0.0.1:*",))
    (hosted,) = server.challenges.values()
    player = participant(server)
    training = player.download("/data/anonymizer/training")
    features = player.download("/data/anonymizer/validation")["X"] / 16
    for name, model in MODELS.items():
        model.fit(training["X"] / 16, training["y"])
        with serving_model(lambda X, model=model: model.predict_proba(X / 16)) as host:
            url = f"http://{host}/predict"
            player.submit(
                "anonymizer",
                model.predict(features),
                anonymizer=name,
                data_split="validation",
                predict_url=url,
            )
            _attack(server, hosted, name, url)
    return server.rankings.tables(hosted)[0]


def test_a_model_that_knows_its_records_by_heart_is_found_out_and_does_not_win(table):
    told = {entry.anonymizer: entry for entry in table.entries}
    heart, honest = told["heart"], told["honest"]
    assert heart.values["utility" if "utility" in heart.values else "accuracy"] > 0.9
    assert heart.values["worst auc_low"] > honest.values["worst auc_low"] + 0.2
    assert (honest.place, heart.place) == (1, 2)
    assert heart.worst.is_house


def test_a_constant_gives_nobody_away_and_is_of_no_use(table):
    (same,) = (entry for entry in table.entries if entry.anonymizer == "same")
    assert (same.place, same.state, same.labels) == (None, "gated", ("of no use",))
