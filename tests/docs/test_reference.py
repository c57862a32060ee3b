"""The documentation says what the code does, all of it, and its links lead somewhere."""

import inspect
import re
import subprocess
import sys
from collections.abc import Iterator
from itertools import chain
from pathlib import Path
from typing import Any

import anomed_supervised_mia
import attrs
import click
import numpy as np
import pytest
from anomed_supervised_mia.challenge.metrics import UTILITY_METRICS

import anomed_core
from anomed_core import errors, hookspecs, testing
from anomed_core.cli import anomed
from anomed_core.config import ChallengeTable, ServerSettings
from anomed_core.plugins import HOOKS
from anomed_core.service.specs import config_class
from anomed_core.testing import Check, conformance_checks
from anomed_core.web.errors import STATUS
from docs.generate.demos import challenge_types

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"
PAGES = sorted([*ROOT.glob("*.md"), *DOCS.rglob("*.md"), *ROOT.glob("plugins/*/README.md")])

CONFIG_CLASSES = [config_class(found) for found in challenge_types()]

RUN_LANGUAGES = {"output", "pycon", "python", "shell", "toml"}
SEEN_LANGUAGES = {"diff", "json", "text"}


def page_name(path: Path) -> str:
    return str(path.relative_to(ROOT))


def reference(name: str) -> str:
    return (DOCS / "reference" / name).read_text(encoding="utf-8")


def test_derived_parts_are_what_the_code_says() -> None:
    """To renew them: python -m docs.generate."""
    done = subprocess.run(
        [sys.executable, "-m", "docs.generate", "--check"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("name", HOOKS)
def test_every_hook_has_a_page_with_its_signature_and_an_example(name: str) -> None:
    assert f"| [`{name}`](hooks/{name}.md) |" in reference("hooks.md")
    page = reference(f"hooks/{name}.md")
    arguments = inspect.signature(getattr(hookspecs, name)).parameters
    (signature,) = re.findall(rf"`{name}\((.*)\) -> .*`", page)
    assert re.findall(r"(\w+):", signature) == list(arguments)
    assert f"def {name}(" in page.partition("```pycon")[2]


@pytest.mark.parametrize("check", conformance_checks("any"), ids=str)
def test_every_check_is_listed(check: Check) -> None:
    assert f"\n| `{check.id}` | {check.description.rstrip('.')}" in reference("testing.md")


@pytest.mark.parametrize("name", testing.__all__)
def test_everything_of_the_test_bench_is_listed(name: str) -> None:
    assert f"\n| `{name}` |" in reference("testing.md")


@pytest.mark.parametrize("name", [found.name for found in challenge_types()])
def test_every_type_has_its_metrics_keys_and_routes_described(name: str) -> None:
    assert f"\n## {name}: " in reference("metrics.md")
    assert f"\n## Options of {name}\n" in reference("config.md")
    assert f"\n### Of `{name}`\n" in reference("wire.md")


def config_keys(cls: type[Any]) -> Iterator[str]:
    attrs.resolve_types(cls)
    for field in attrs.fields(cls):
        if isinstance(field.type, type) and attrs.has(field.type):
            yield from config_keys(field.type)
        else:
            yield field.name.rstrip("_")


@pytest.mark.parametrize(
    "key",
    sorted(
        {*config_keys(ServerSettings), *config_keys(ChallengeTable)} - {"id", "options"}
        | set(chain.from_iterable(map(config_keys, CONFIG_CLASSES)))
    ),
)
def test_every_config_key_is_listed(key: str) -> None:
    assert f"\n| `{key}` |" in reference("config.md")


def commands(command: click.Command, name: str) -> Iterator[str]:
    if isinstance(command, click.Group):
        context = click.Context(command, info_name=name)
        for inner in command.list_commands(context):
            found = command.get_command(context, inner)
            assert found is not None
            yield from commands(found, f"{name} {inner}")
    else:
        yield name


@pytest.mark.parametrize("name", list(commands(anomed, "anomed")))
def test_every_command_has_a_section(name: str) -> None:
    assert f"\n## {name}\n" in reference("cli.md")


@pytest.mark.parametrize(
    "name",
    [
        name
        for name, thing in vars(errors).items()
        if isinstance(thing, type) and issubclass(thing, errors.AnomedError)
    ],
)
def test_every_error_is_in_the_tree_and_in_the_table(name: str) -> None:
    assert f"\n| `{name}` |" in reference("errors.md")
    assert re.search(rf"^[│├└─ ]*{name}\b", reference("errors.md"), flags=re.MULTILINE)


@pytest.mark.parametrize(("status", "title"), sorted(set(STATUS.values())))
def test_every_answer_is_listed(status: int, title: str) -> None:
    assert f"\n| {status} | {title} |" in reference("wire.md")


def test_every_header_is_listed() -> None:
    sources = [path.read_text() for path in (ROOT / "anomed_core" / "web").glob("*.py")]
    named = set(re.findall(r'(?:get|set)_header\(\s*"([\w-]+)"', "\n".join(sources)))
    assert len(named) > 5
    assert {name for name in named if f"`{name}`" not in reference("wire.md")} == set()


@pytest.mark.parametrize(
    "name",
    [*UTILITY_METRICS, *anomed_supervised_mia.evaluate_MIA(np.eye(2)[0], np.eye(2)[0] == 1)],
)
def test_every_metric_is_listed(name: str) -> None:
    assert f"\n| `{name}` |" in reference("metrics.md")


@pytest.mark.parametrize("name", sorted({*anomed_core.__all__, *anomed_supervised_mia.__all__}))
def test_every_export_is_listed(name: str) -> None:
    assert f"\n| `{name}` |" in reference("python.md")


_BLOCK = re.compile(r"^```.*?^```$", flags=re.DOTALL | re.MULTILINE)


def without_code(text: str) -> str:
    return re.sub(r"`[^`\n]*`", "", _BLOCK.sub("", text))


def anchors(path: Path) -> set[str]:
    """Return the anchors that GitHub and MkDocs make of a page's headings."""
    text = _BLOCK.sub("", path.read_text(encoding="utf-8"))
    headings = re.findall(r"^#+ (.+)$", text, flags=re.MULTILINE)
    plain = [re.sub(r"[^\w -]", "", heading) for heading in headings]
    return {heading.strip().lower().replace(" ", "-") for heading in plain}


@pytest.mark.parametrize("path", PAGES, ids=page_name)
def test_links_lead_somewhere(path: Path) -> None:
    text = without_code(path.read_text(encoding="utf-8"))
    for target in re.findall(r'\]\(\s*([^)\s]+)\s*\)|(?:src|href)="([^"]+)"', text):
        link = "".join(target)
        if link.startswith(("https://", "http://")):
            continue
        name, _, anchor = link.partition("#")
        linked = (path.parent / name).resolve() if name else path
        assert linked.exists(), f"{page_name(path)} links to {link}"
        if anchor:
            assert anchor in anchors(linked), f"{page_name(path)} links to {link}"


@pytest.mark.parametrize("path", PAGES, ids=page_name)
def test_every_block_says_whether_it_is_run(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert not re.search(r"^ +```", text, flags=re.MULTILINE), "an indented example is never run"
    fences = re.findall(r"^```(.*)$", text, flags=re.MULTILINE)
    assert set(fences[::2]) <= RUN_LANGUAGES | SEEN_LANGUAGES
    assert set(fences[1::2]) <= {""}


def test_decisions_are_numbered_listed_and_complete() -> None:
    pages = sorted(DOCS.glob("adr/[0-9]*.md"))
    index = (DOCS / "adr" / "README.md").read_text(encoding="utf-8")
    for number, path in enumerate(pages, start=1):
        text = path.read_text(encoding="utf-8")
        title = text.partition("\n")[0].removeprefix(f"# {number:04} ")
        assert path.name.startswith(f"{number:04}-")
        assert f"| [{number:04}]({path.name}) | {title} |" in index
        assert re.findall(r"^## (.+)$", text, flags=re.MULTILINE) == [
            "Context",
            "Decision",
            "Consequences",
        ]


def test_every_page_is_in_the_navigation() -> None:
    navigation = (ROOT / "mkdocs.yml").read_text(encoding="utf-8")
    names = [str(path.relative_to(DOCS)) for path in DOCS.rglob("*.md")]
    assert [name for name in names if f": {name}\n" not in navigation] == []
