"""What other distributions offer is found by metadata, and what is broken harms nobody."""

import sys
from dataclasses import dataclass

import pytest
from anomed_anomaly_detection.detectors import ActivationDetector
from anomed_anomaly_detection.registry import DETECTORS, TRIGGERS, detector, load, offers, trigger

from anomed_core import UsageError


@dataclass(frozen=True, kw_only=True)
class Distance(ActivationDetector):
    name = "distance"
    power: int = 2

    def fit_layer(self, trusted, untrusted, context):
        return {"mean": trusted.mean(axis=0)}

    def score_layer(self, state, activations, context):
        return (abs(activations - state["mean"]) ** self.power).sum(axis=1)


class NoDataclass:
    pass


@pytest.fixture
def installed(tmp_path, monkeypatch):
    """Install distributions that offer detectors, by name of the distribution."""

    def install(**offered):
        for distribution, points in offered.items():
            folder = tmp_path / f"{distribution}-1.0.dist-info"
            folder.mkdir(parents=True)
            (folder / "METADATA").write_text(f"Name: {distribution}\nVersion: 1.0\n")
            lines = "\n".join(f"{name} = {target}" for name, target in points.items())
            (folder / "entry_points.txt").write_text(f"[{DETECTORS}]\n{lines}\n")
        monkeypatch.syspath_prepend(tmp_path)
        monkeypatch.setitem(sys.modules, "strangers", sys.modules[__name__])

    return install


def test_a_stranger_is_found_with_hyphens_or_underscores(installed):
    installed(theirs={"my_distance": "strangers:Distance"})

    chosen = detector("my-distance", power=1)
    assert chosen.power == 1


def test_a_broken_one_is_listed_and_harms_nobody(installed):
    installed(theirs={"broken": "no_such_module:Thing", "plain": "strangers:NoDataclass"})
    errors = {offer.point.name: offer.error for offer in offers(DETECTORS)}

    assert "no_such_module" in errors["broken"]
    assert "must be a frozen dataclass with fit() and restore()" in errors["plain"]
    assert errors["mahalanobis"] == ""
    assert detector("mahalanobis").name == "mahalanobis"
    with pytest.raises(UsageError, match="no_such_module"):
        detector("broken")


def test_two_with_one_name_are_an_error_that_names_both(installed):
    installed(mine={"same-name": "strangers:Distance"}, theirs={"same_name": "strangers:Distance"})

    with pytest.raises(UsageError, match=r"offered by mine 1\.0 and theirs 1\.0; uninstall one"):
        load(DETECTORS, "same_name")


def test_unknown_names_and_options_come_with_a_suggestion():
    with pytest.raises(UsageError, match="no detector 'mahalanobi' is installed; did you mean"):
        detector("mahalanobi")
    with pytest.raises(UsageError, match="has no option 'relativ'; did you mean 'relative'"):
        detector("mahalanobis", relativ=True)
    with pytest.raises(UsageError, match="no trigger 'nose' is installed; did you mean 'noise'"):
        trigger("nose")


def test_our_own_are_registered_as_strangers_are():
    assert [offer.error for offer in offers(TRIGGERS)] == [""] * 6
