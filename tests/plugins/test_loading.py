"""What a plugin may be, and the sentence that refuses anything else."""

import sys
from pathlib import Path

import pytest

from anomed_core import ChallengeType, hookimpl, hookspecs
from anomed_core.errors import (
    PluginBrokenError,
    PluginConflictError,
    PluginError,
    PluginNotFoundError,
)
from anomed_core.plugins import PluginRegistry, build_registry
from tests.example_types import Guessing
from tests.plugins.conftest import GOOD, WATCHING, Install

LABEL = r"plugin 'broken' of fake 1\.0"


def refusal(install: Install, source: str, *, group: str = "types") -> str:
    """Install a plugin, load it by name, and return the sentence that refuses it."""
    install("fake", **{group: {"broken": "fake_broken"}}, modules={"fake_broken": source})
    with pytest.raises(PluginError) as error:
        build_registry().load("broken")
    sentence = str(error.value)
    assert "\n" not in sentence
    assert sentence.startswith("plugin 'broken' of fake 1.0")
    return sentence


# --- what loads -----------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["good-game", "good_game", "Good-Game"])
def test_an_installed_plugin_is_loaded_by_any_spelling(name: str, install: Install) -> None:
    install(
        "fake",
        types={"good-game": "fake_good"},
        modules={"fake_good": GOOD.format(name="good-game")},
    )

    loaded = build_registry().load(name)

    assert isinstance(loaded, ChallengeType)
    assert loaded.name == "good-game"


def test_loading_imports_only_what_was_named(install: Install) -> None:
    install(
        "fake",
        types={"good": "fake_good", "other": "fake_other"},
        modules={"fake_good": GOOD.format(name="good"), "fake_other": "raise SystemExit(9)"},
    )

    build_registry().load("good")

    assert "fake_other" not in sys.modules


def test_loading_twice_is_loading_once(install: Install) -> None:
    install("fake", types={"good": "fake_good"}, modules={"fake_good": GOOD.format(name="good")})
    registry = build_registry()

    assert registry.load("good") is registry.load("good")
    assert len(registry.types) == 1


def test_a_module_and_an_object_are_loaded(packages: Path) -> None:
    (packages / "fake_module.py").write_text(
        "from tests.example_types import Guessing\ngame = Guessing(name='loaded')\n"
    )

    loaded = build_registry().load("fake_module:game")

    assert loaded is not None
    assert loaded.name == "loaded"


def test_a_file_is_loaded(tmp_path: Path) -> None:
    (tmp_path / "my-plugin.py").write_text(GOOD.format(name="from-file"))

    loaded = build_registry().load(str(tmp_path / "my-plugin.py"))

    assert loaded is not None
    assert loaded.name == "from-file"


def test_an_extension_is_loaded_and_owns_no_type(install: Install) -> None:
    install("fake", extensions={"watching": "fake_watching"}, modules={"fake_watching": WATCHING})

    assert build_registry().load("watching") is None


def test_the_same_extension_may_be_named_twice(tmp_path: Path) -> None:
    path = tmp_path / "watching.py"
    path.write_text(WATCHING)
    registry = build_registry()

    assert registry.load(str(path)) is None
    assert registry.load(str(path)) is None


# --- what does not --------------------------------------------------------------------------------


def test_a_name_that_nobody_has_gets_a_suggestion(install: Install) -> None:
    install("fake", types={"guessing-game": "m"})

    with pytest.raises(PluginNotFoundError, match="no plugin 'gessing-game'; did you mean 'guess"):
        build_registry().load("gessing-game")


def test_without_any_plugin_the_answer_says_so() -> None:
    with pytest.raises(PluginNotFoundError, match="there is no plugin 'x'; installed: none"):
        build_registry(discover=False).load("x")


def test_a_file_that_is_not_there_is_refused() -> None:
    with pytest.raises(PluginNotFoundError, match=r"there is no plugin file nowhere\.py"):
        build_registry().load("nowhere.py")


def test_a_module_that_is_not_there_is_refused() -> None:
    with pytest.raises(PluginNotFoundError, match="there is no module 'fake_nowhere'"):
        build_registry().load("fake_nowhere:plugin")


def test_an_attribute_that_is_not_there_is_refused() -> None:
    with pytest.raises(PluginNotFoundError, match=r"tests\.example_types has no 'Nothing'"):
        build_registry().load("tests.example_types:Nothing")


def test_a_plugin_without_its_own_dependency_is_refused(install: Install) -> None:
    sentence = refusal(install, "import fake_missing_library")

    assert sentence.endswith("needs the module 'fake_missing_library', which is not installed")


@pytest.mark.parametrize(
    ("source", "reason"),
    [
        ("1 / 0", "ZeroDivisionError: division by zero"),
        ("def f(:", "SyntaxError"),
        ("from math import nothing", "ImportError"),
        ("raise SystemExit('bye')", "SystemExit: bye"),
        ("raise ValueError('two\\nlines')", "ValueError: two lines"),
    ],
)
def test_a_plugin_that_raises_on_import_is_refused(
    source: str, reason: str, install: Install
) -> None:
    assert f"cannot be imported: {reason}" in refusal(install, source)


def test_a_plugin_without_version_is_refused(install: Install) -> None:
    source = GOOD.format(name="broken").replace("ANOMED_API = 1", "")

    assert refusal(install, source).endswith("sets no ANOMED_API; this release speaks API 1")


@pytest.mark.parametrize("version", ["2", "'1'", "1.5", "None"])
def test_a_plugin_of_another_version_is_refused(version: str, install: Install) -> None:
    source = GOOD.format(name="broken").replace("ANOMED_API = 1", f"ANOMED_API = {version}")

    assert "this release speaks API 1" in refusal(install, source)


def test_a_plugin_of_the_last_version_is_taken_with_a_warning(
    install: Install, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(hookspecs, "API", 2)
    install("fake", types={"good": "fake_good"}, modules={"fake_good": GOOD.format(name="good")})

    with pytest.warns(DeprecationWarning, match=r"sets ANOMED_API = 1, .* write ANOMED_API = 2"):
        loaded = build_registry().load("good")

    assert isinstance(loaded, ChallengeType)


@pytest.mark.filterwarnings("ignore:plugin 'anomed-core data sources':DeprecationWarning")
@pytest.mark.parametrize("version", ["0", "3"])
def test_older_and_newer_versions_are_refused_naming_the_range(
    version: str, install: Install, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(hookspecs, "API", 2)
    source = GOOD.format(name="broken").replace("ANOMED_API = 1", f"ANOMED_API = {version}")
    install("fake", types={"broken": "fake_broken"}, modules={"fake_broken": source})

    with pytest.raises(PluginBrokenError, match="this release speaks the APIs 1 to 2"):
        build_registry().load("broken")


def test_a_plugin_without_hooks_is_refused(install: Install) -> None:
    sentence = refusal(install, "ANOMED_API = 1\ndef announce(): return []\n")

    assert sentence.endswith("implements no hook; mark functions with @anomed_core.hookimpl")


def test_a_misspelled_hook_gets_a_suggestion(install: Install) -> None:
    source = GOOD.format(name="broken") + "\n@hookimpl\ndef anomed_data_product(challenge): pass\n"

    assert refusal(install, source).endswith(
        "there is no hook 'anomed_data_product'; did you mean 'anomed_data_products'?"
    )


def test_an_unknown_argument_is_named_with_those_that_exist(install: Install) -> None:
    source = GOOD.format(name="broken") + "\n@hookimpl\ndef anomed_metrics(chalenge): pass\n"

    assert refusal(install, source).endswith(
        "anomed_metrics takes chalenge; the hook offers challenge"
    )


def test_a_keyword_only_argument_is_refused(install: Install) -> None:
    source = GOOD.format(name="broken") + "\n@hookimpl\ndef anomed_metrics(*, challenge): pass\n"

    assert "anomed_metrics takes 'challenge' as a keyword-only argument" in refusal(install, source)


def test_a_plugin_that_fails_leaves_no_trace(registry: PluginRegistry) -> None:
    class Misspelled(Guessing):
        @hookimpl
        def anomed_metric(self, challenge):  # type: ignore[no-untyped-def]
            pass

    with pytest.raises(PluginBrokenError):
        registry.add(Misspelled(), name="misspelled")

    assert registry.types == ()
    assert registry.plugins.get("misspelled") is None
    assert registry.add(Guessing(), name="misspelled") is not None


def test_a_class_instead_of_an_instance_is_refused(registry: PluginRegistry) -> None:
    with pytest.raises(PluginBrokenError, match="is the class Guessing; name a module or an inst"):
        registry.add(Guessing, name="game")


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        ("1 / 0", "anomed_challenge_types raised ZeroDivisionError"),
        ("None", "must return a list of ChallengeType, got NoneType"),
        ("'broken'", "must return a list of ChallengeType, got str"),
        ("[{}]", "must return a list of ChallengeType, got a dict in it"),
        ("[]", "announces 0 challenge types; a plugin owns exactly one"),
        ("2 * [ChallengeType(name='broken', title='', config_class='m:C')]", "announces 2"),
        (
            "[ChallengeType(name='other', title='', config_class='m:C')]",
            "announces the type 'other'; entry point and type must have one name",
        ),
        ("[ChallengeType(name='Not A Slug', title='', config_class='m:C')]", "raised ValueError"),
    ],
)
def test_a_plugin_announces_exactly_the_type_of_its_name(
    answer: str, reason: str, install: Install
) -> None:
    source = (
        "from anomed_core import ChallengeType, hookimpl\nANOMED_API = 1\n"
        f"@hookimpl\ndef anomed_challenge_types():\n    return {answer}\n"
    )

    assert reason in refusal(install, source)


def test_two_distributions_claiming_one_slug_are_both_named(install: Install) -> None:
    install("first", types={"fake": "fake_first"})
    install("second", types={"fake": "fake_second"}, version="2.0")

    with pytest.raises(
        PluginConflictError, match=r"'fake' is claimed twice: by first 1\.0 and by second 2\.0"
    ):
        build_registry().load("fake")


def test_two_plugins_claiming_one_type_are_both_named(registry: PluginRegistry) -> None:
    registry.add(Guessing(), name="first")

    with pytest.raises(
        PluginConflictError,
        match="type 'guessing' is claimed twice: by plugin 'first' and by plugin 'second'",
    ):
        registry.add(Guessing(), name="second")


def test_an_extension_may_not_answer_in_the_place_of_an_owner(install: Install) -> None:
    source = WATCHING + "\n@hookimpl\ndef anomed_create_challenge(): return 1\n"

    assert "is an extension, so its anomed_create_challenge may only wrap the owner's" in refusal(
        install, source, group="extensions"
    )


@pytest.mark.parametrize("hook", ["anomed_evaluate_threat", "anomed_submission_kinds"])
def test_an_extension_wraps_a_hook_or_answers_it(hook: str, registry: PluginRegistry) -> None:
    def wrap(self):  # type: ignore[no-untyped-def]
        return (yield)

    both = {hook: hookimpl(lambda self: None)}
    both["around"] = hookimpl(wrapper=True, specname=hook)(wrap)

    with pytest.raises(PluginBrokenError, match=f"wraps {hook} and answers it, too; let measures"):
        registry.add(type("Both", (), {"ANOMED_API": 1} | both)(), name="both")
    assert "both" not in registry.plugins


@pytest.mark.parametrize("hook", ["anomed_metrics", "anomed_score_recorded", "anomed_report"])
def test_what_each_plugin_answers_for_itself_cannot_be_wrapped(
    hook: str, registry: PluginRegistry
) -> None:
    def wrap(self, challenge):  # type: ignore[no-untyped-def]
        return (yield)

    wrapping = type("Wrapping", (), {"ANOMED_API": 1, hook: hookimpl(wrapper=True)(wrap)})

    with pytest.raises(PluginBrokenError, match=f"{hook} cannot be wrapped"):
        registry.add(wrapping(), name="wrapping")


def test_a_function_called_like_a_hook_is_marked_as_one(install: Install) -> None:
    source = GOOD.format(name="broken") + "\ndef anomed_metrics(challenge): return []\n"

    assert "anomed_metrics is not marked as a hook, so it would never be called" in refusal(
        install, source
    )
