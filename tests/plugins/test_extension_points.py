"""Plugins that are hosts find what is offered to them, and a broken offer harms nobody."""

from pathlib import Path

import pytest

from anomed_core import extension_points
from anomed_core.errors import PluginBrokenError, PluginConflictError, PluginNotFoundError
from anomed_core.plugins.scan import EXTENSIONS
from tests.offers import GROUP, Offer, offer_in


@pytest.fixture
def offer(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Offer:
    return offer_in(tmp_path, monkeypatch)


def test_offers_are_found_by_name_and_imported_when_loaded(offer: Offer) -> None:
    offer("some", "ep_some", "made = [1, 2]\n", walk="ep_some:made", bad="ep_missing")

    found = extension_points(GROUP)

    assert list(found) == ["bad", "walk"]
    assert found["walk"].load(list) == [1, 2]


def test_a_broken_offer_is_refused_by_name_and_harms_no_other(offer: Offer) -> None:
    offer("bad", "ep_bad", "raise RuntimeError('no luck')\n", bad="ep_bad:made")
    offer("good", "ep_good", "made = 'fine'\n", good="ep_good:made", gone="ep_good:other")

    found = extension_points(GROUP)

    assert found["good"].load() == "fine"
    with pytest.raises(PluginBrokenError, match=r"'bad' of bad 1\.0 .*RuntimeError: no luck"):
        found["bad"].load()
    with pytest.raises(PluginNotFoundError, match="ep_good has no 'other'"):
        found["gone"].load()
    with pytest.raises(PluginBrokenError, match=r"is str; fake_host\.generators takes list"):
        found["good"].load(list)


def test_two_offers_of_one_name_are_a_conflict_naming_both(offer: Offer) -> None:
    offer("one", "ep_one", "made = 1\n", walk="ep_one:made")
    offer("two", "ep_two", "made = 2\n", walk="ep_two:made")

    with pytest.raises(PluginConflictError, match=r"by one 1\.0 and two 1\.0; uninstall one"):
        extension_points(GROUP)["walk"].load()


def test_nothing_offered_is_nothing_found() -> None:
    assert extension_points("nobody.offers") == {}


def test_the_groups_of_the_core_are_its_own() -> None:
    with pytest.raises(ValueError, match=r"the core loads what is in anomed\.extensions"):
        extension_points(EXTENSIONS)
