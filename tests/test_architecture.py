"""The house rules that a machine can check."""

import ast
import importlib
import inspect
import pkgutil
import re
import sys
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path

import pytest

import anomed_core
from anomed_core import environments, errors, report, statistics, tables

ROOT = Path(__file__).parent.parent
CORE = ROOT / "anomed_core"
CLIENT = ROOT / "client" / "anomed_client"
PLUGINS = [
    path
    for path in (ROOT / "plugins").glob("*/anomed_*")
    if path.is_dir() and not path.name.endswith("egg-info")
]

ALLOWED = {
    "version": set(),
    "errors": set(),
    "sampling": set(),
    "statistics": set(),
    "system": set(),
    "report": set(),
    "environments": {"errors"},
    "model": {"sampling"},
    "wire": {"errors"},
    "hookspecs": {"environments", "errors", "model", "sampling", "state", "wire"},
    "state": {"errors", "wire"},
    "tables": {"errors"},
    "datasets": {"errors", "hookspecs", "model", "tables"},
    "config": {"errors", "model", "wire"},
    "plugins": {"datasets", "errors", "hookspecs", "model", "sampling", "state", "wire"},
    "ledger": {"errors", "model", "system", "wire"},
    "redaction": set(),
    "engine": {"redaction", "errors", "plugins"},
    "delivery": {"errors", "hookspecs", "ledger", "model"},
    "service": {
        "config",
        "delivery",
        "engine",
        "errors",
        "hookspecs",
        "ledger",
        "report",
        "model",
        "plugins",
        "sampling",
        "state",
        "system",
        "tables",
        "version",
        "wire",
    },
    "scaffold": {"errors", "model", "version"},
    "web": {
        "redaction",
        "errors",
        "ledger",
        "model",
        "plugins",
        "report",
        "service",
        "state",
        "system",
        "version",
        "wire",
    },
    "application": {"config", "model", "plugins", "service", "state", "web"},
    "serving": {"application", "config", "errors", "service", "state", "system", "web"},
    "demonstration": {"config", "errors", "model", "plugins", "service"},
    "cli": {
        "application",
        "config",
        "demonstration",
        "environments",
        "errors",
        "ledger",
        "model",
        "plugins",
        "report",
        "scaffold",
        "serving",
        "service",
        "state",
        "testing",
        "version",
        "web",
    },
    "testing": {"*"},
    "__main__": {"cli"},
    "__init__": {"*"},
}
"""Which packages a package may import: arrows point one way only."""


def modules(package: Path) -> Iterator[tuple[Path, ast.Module]]:
    for path in sorted(package.rglob("*.py")):
        yield path, ast.parse(path.read_text(encoding="utf-8"))


def imported(tree: ast.Module, *, at_run_time: bool = True) -> Iterator[str]:
    """Return the names of imported modules; those for type checkers alone are left out."""
    skipped: set[ast.AST] = set()
    for node in ast.walk(tree):
        if at_run_time and isinstance(node, ast.If) and _is_type_checking(node.test):
            skipped |= {inner for statement in node.body for inner in ast.walk(statement)}
    for node in ast.walk(tree):
        if node in skipped:
            continue
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, "relative imports hide where an arrow points"
            for alias in node.names:
                yield f"{node.module}.{alias.name}"


def _is_type_checking(test: ast.expr) -> bool:
    return isinstance(test, ast.Name) and test.id == "TYPE_CHECKING"


def room(path: Path) -> str:
    """Return the package of the core that a file belongs to."""
    return path.relative_to(CORE).parts[0].removesuffix(".py")


@cache
def arrows() -> dict[str, set[str]]:
    found: dict[str, set[str]] = {}
    for path, tree in modules(CORE):
        for name in imported(tree):
            parts = name.split(".")
            if parts[0] == "anomed_core" and len(parts) > 1:
                is_exported = (
                    not (CORE / parts[1]).exists() and not (CORE / f"{parts[1]}.py").exists()
                )
                target = "__init__" if is_exported else parts[1]
                if target != room(path):
                    found.setdefault(room(path), set()).add(target)
    return found


# --- arrows ---------------------------------------------------------------------------------------


def test_every_room_has_its_rules() -> None:
    rooms = {room(path) for path, _ in modules(CORE)}

    assert rooms == set(ALLOWED)


@pytest.mark.parametrize("package", sorted(ALLOWED))
def test_arrows_point_one_way(package: str) -> None:
    if "*" in ALLOWED[package]:
        return

    assert arrows().get(package, set()) <= ALLOWED[package]


def test_the_allowed_arrows_have_no_circle() -> None:
    remaining = {
        package: {target for target in targets if target in ALLOWED}
        for package, targets in ALLOWED.items()
    }
    while remaining:
        leaves = {package for package, targets in remaining.items() if not targets & set(remaining)}
        assert leaves, f"a circle among {sorted(remaining)}"
        remaining = {p: t for p, t in remaining.items() if p not in leaves}


def test_the_rules_know_no_http_and_no_sql() -> None:
    foreign = {"service": {"falcon", "sqlalchemy", "gunicorn"}, "model": {"falcon", "sqlalchemy"}}
    foreign["wire"] = foreign["sampling"] = {"falcon", "sqlalchemy", "requests", "httpx"}
    foreign["ledger"] = {"falcon"}

    for path, tree in modules(CORE):
        libraries = {name.split(".")[0] for name in imported(tree)}
        assert not libraries & foreign.get(room(path), set()), path


def test_only_the_outer_rooms_know_which_program_serves() -> None:
    outer = {"application", "cli", "serving", "testing", "web"}
    for path, _ in modules(CORE):
        if room(path) not in outer:
            assert "SERVER_SOFTWARE" not in path.read_text(encoding="utf-8"), path


def test_the_core_knows_no_challenge_type() -> None:
    names = {path.name for path in PLUGINS}

    for path, tree in modules(CORE):
        assert not {name.split(".")[0] for name in imported(tree)} & names, path


@pytest.mark.parametrize("package", PLUGINS, ids=lambda path: path.name)
def test_plugins_import_only_names_that_the_core_exports(package: Path) -> None:
    exported = {f"anomed_core.{name}" for name in anomed_core.__all__} | {"anomed_core"}
    for shared in (environments, report, statistics, tables):
        exported |= {shared.__name__, *(f"{shared.__name__}.{name}" for name in shared.__all__)}

    for path, tree in modules(package):
        used = {
            name
            for name in imported(tree, at_run_time=False)
            if name == "anomed_core" or name.startswith("anomed_core.")
        }
        public = {name for name in used if not name.startswith("anomed_core.testing")}
        assert public <= exported, f"{path}: {sorted(public - exported)}"


# --- the one plan of all plugins ------------------------------------------------------------------

GAME = {
    "config",
    "data",
    "arena",
    "products",
    "kinds",
    "operations",
    "metrics",
    "scoring",
    "rivals",
    "yardsticks",
}
GAME |= {"accounts", "queries", "protocols", "lomas_calls", "contest", "handing_out"}
GAME |= {"authors", "house_tasks", "offers", "recipe", "soundness"}
GAME |= {"rankings", "house", "baselines", "report", "demo", "upstream", "__init__"}
"""What the files in ``challenge/`` are called, whatever the challenge type; not all are needed."""

SHARED = tuple(f"anomed_core.{room}" for room in ("environments", "report", "statistics", "tables"))
"""All that packages which know no challenge may import of the core."""

HOSTING = {"ExtensionPoint", "UsageError", "extension_points", "load_arrays"}
HOSTING = {f"anomed_core.{name}" for name in HOSTING}
"""What such packages may import of it, too, that are hosts themselves: of methods, of tasks."""

HOOK_STATEMENTS = 3
"""Of a hook: its docstring, an import, and one line into ``challenge/``."""


def misnamed(package: Path) -> list[str]:
    """Return files of the game that no other type would look for, and those beside the packages."""
    game = [path.name for path in (package / "challenge").iterdir() if path.suffix == ".py"]
    beside = [path.name for path in package.glob("*.py")]
    strange = {f"challenge/{name}" for name in game if name.removesuffix(".py") not in GAME}
    return sorted(strange | {name for name in beside if name not in {"__init__.py", "plugin.py"}})


def more_than_hooks(package: Path) -> list[str]:
    """Return what ``plugin.py`` holds beside hooks of one line, constants and cheap imports."""
    found = []
    for node in ast.parse((package / "plugin.py").read_text(encoding="utf-8")).body:
        if isinstance(node, (ast.Import, ast.ImportFrom)):
            names = imported(ast.Module([node], type_ignores=[]))
            roots = {name.split(".")[0] for name in names}
            found += sorted(roots - {"anomed_core", *sys.stdlib_module_names})
        elif isinstance(node, (ast.FunctionDef, ast.ClassDef)):
            if [ast.unparse(decorator) for decorator in node.decorator_list] != ["hookimpl"]:
                found.append(f"{node.name} is no hook")
            elif len(node.body) > HOOK_STATEMENTS:
                found.append(f"{node.name} does more than pass on")
    return found


def knowing_the_game(package: Path) -> list[str]:
    """Return imports by which a package of science would know a challenge."""
    game = {f"{package.name}.challenge", f"{package.name}.plugin"}
    found = []
    for path, tree in modules(package):
        if path.relative_to(package).parts[0] in {"challenge", "commands", "__init__.py"}:
            continue
        for name in imported(tree, at_run_time=False):
            foreign = name.split(".")[0] == "anomed_core" and name not in HOSTING
            foreign = foreign and not name.startswith(SHARED)
            if path.name != "plugin.py" and (foreign or ".".join(name.split(".")[:2]) in game):
                found.append(f"{path.relative_to(package)}: {name}")
    return found


RULES = (misnamed, more_than_hooks, knowing_the_game)


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.__name__)
@pytest.mark.parametrize("package", PLUGINS, ids=lambda path: path.name)
def test_plugins_keep_to_the_one_plan(package: Path, rule: Callable[[Path], list[str]]) -> None:
    assert rule(package) == []


OWN_TABLES = {
    "anomed_core/environments/answering.py",
    "anomed_core/environments/workers.py",
    "anomed_core/testing/client.py",
    "client/anomed_client/downloads.py",
    "plugins/dataset_synthesis/anomed_dataset_synthesis/external/drivers/mostlyai_engine.py",
    "plugins/dataset_synthesis/anomed_dataset_synthesis/external/served.py",
}
"""What reads, with pandas alone, only tables that programs wrote, whose types are known."""


def test_tables_that_people_bring_are_read_by_the_one_strict_reader() -> None:
    guessing = {
        str(path.relative_to(ROOT))
        for package in (CORE, CLIENT, *PLUGINS)
        for path, tree in modules(package)
        for node in ast.walk(tree)
        if isinstance(node, ast.Attribute)
        and node.attr in {"read_csv", "read_parquet", "read_table", "read_excel", "read_json"}
        and ast.unparse(node.value) in {"pd", "pandas"}
    }

    assert guessing == OWN_TABLES


def test_the_contributors_map_names_files_that_are_there() -> None:
    text = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    named = re.findall(r"`((?:anomed_core|tests|docs)/[\w./]+)`", text)

    assert named
    assert [name for name in named if not (ROOT / name).exists()] == []
    assert len(text.splitlines()) < 120


def test_only_the_command_line_prints() -> None:
    for path, tree in modules(CORE):
        calls = {
            node.func.id
            for node in ast.walk(tree)
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name)
        }
        assert "print" not in calls, path


# --- files and names ------------------------------------------------------------------------------


@pytest.mark.parametrize("package", [CORE, CLIENT, *PLUGINS], ids=lambda path: path.name)
def test_no_file_is_a_giant(package: Path) -> None:
    long = {
        str(path.relative_to(ROOT)): n_lines
        for path, _ in modules(package)
        if (n_lines := len(path.read_text(encoding="utf-8").splitlines())) > 500
    }

    assert long == {}


@pytest.mark.parametrize("package", [CORE, CLIENT, *PLUGINS], ids=lambda path: path.name)
def test_no_file_has_a_name_that_says_nothing(package: Path) -> None:
    names = {path.stem for path, _ in modules(package)}

    assert not names & {"utils", "helpers", "common", "misc", "util", "helper"}


@pytest.mark.parametrize("package", [CORE, CLIENT, *PLUGINS], ids=lambda path: path.name)
def test_every_module_says_what_it_is(package: Path) -> None:
    silent = [path for path, tree in modules(package) if ast.get_docstring(tree) is None]

    assert silent == []


@pytest.mark.parametrize("package", [CORE, CLIENT, *PLUGINS], ids=lambda path: path.name)
def test_every_package_is_typed(package: Path) -> None:
    assert (package / "py.typed").exists()


def packages() -> list[str]:
    found = pkgutil.walk_packages([str(CORE)], "anomed_core.")
    return ["anomed_core", *(p.name for p in found if p.ispkg and "migrations" not in p.name)]


@pytest.mark.parametrize("name", packages())
def test_what_a_package_exports_is_sorted_and_there(name: str) -> None:
    package = importlib.import_module(name)
    exported = getattr(package, "__all__", [])

    is_lazy = Path(package.__file__ or "").with_suffix(".pyi").exists()
    assert list(exported) == sorted(exported, key=None if is_lazy else _constants_first)
    assert len(set(exported)) == len(exported)
    assert all(hasattr(package, entry) for entry in exported)


def _constants_first(name: str) -> tuple[int, str]:
    """Sort as ruff does: constants, classes, everything else."""
    return (0 if name.isupper() else 1 if name[0].isupper() else 2, name)


# --- errors ---------------------------------------------------------------------------------------


def test_the_drawn_tree_of_errors_is_that_of_the_classes() -> None:
    drawn: list[tuple[str, str]] = []
    path: list[str] = []
    for line in (inspect.getdoc(errors) or "").splitlines():
        found = re.match(r"    ((?:[│ ]   )*)(?:[├└]── )?([A-Z]\w+)(?: |$)", line)
        if found is None or not hasattr(errors, found[2]):
            continue
        depth = len(found[1]) // 4 + ("── " in line)
        path[depth:] = [found[2]]
        drawn.append((path[depth - 1] if depth else "Exception", found[2]))

    actual = [
        (cls.__bases__[0].__name__, name)
        for name, cls in vars(errors).items()
        if inspect.isclass(cls) and issubclass(cls, Exception)
    ]
    assert sorted(drawn) == sorted(actual)


def test_every_error_is_also_a_fitting_builtin() -> None:
    for family, builtin in {
        errors.UsageError: ValueError,
        errors.ContractError: TypeError,
        errors.RequestError: ValueError,
        errors.ServiceError: RuntimeError,
    }.items():
        assert issubclass(family, builtin)
        assert issubclass(family, errors.AnomedError)
