"""What the files in `deploy` promise about secrets and addresses."""

import fnmatch
from pathlib import Path

import yaml

ROOT = Path(__file__).parent.parent
SERVICES = yaml.safe_load((ROOT / "deploy" / "compose.yaml").read_text())["services"]


def test_no_secret_is_on_a_command_line() -> None:
    for service in SERVICES.values():
        words = str([service.get("command"), service.get("entrypoint"), service.get("healthcheck")])
        assert "PASSWORD" not in words


def test_ports_are_published_to_this_machine_alone() -> None:
    published = [port for service in SERVICES.values() for port in service.get("ports", ())]

    assert published
    assert all(port.startswith("127.0.0.1:") for port in published)
    assert " -p 127.0.0.1:8000:8000 " in (ROOT / "deploy" / "Containerfile").read_text()


def test_an_image_is_built_from_sources_and_has_all_that_it_installs() -> None:
    lines = (ROOT / ".dockerignore").read_text().splitlines()
    rules = [line for line in lines if line and not line.startswith("#")]
    assert rules[0] == "*"
    let_in = {rule[1:] for rule in rules if rule.startswith("!")}

    assert all((ROOT / name).exists() for name in let_in)
    assert {"anomed_core", "client", "constraints.txt", "plugins", "pyproject.toml"} <= let_in
    shut_out = [rule.removeprefix("**/") for rule in rules[1:] if not rule.startswith("!")]
    for name in (".git", ".venv", "anomed-state"):
        assert any(fnmatch.fnmatch(name, rule) for rule in shut_out)
    for path in (ROOT / "anomed_core").rglob("*.py"):
        parts = path.relative_to(ROOT).parts
        assert not any(fnmatch.fnmatch(part, rule) for part in parts for rule in shut_out), path
