"""How much 50 installed plugins add to the start of the command line: python -m benchmarks.startup.

Writes the metadata and modules of so many plugins into a folder, and starts fresh interpreters with
and without that folder on the path, in turn: for ``anomed --help``, which lists commands without
looking for plugins, and for the scan that every command with plugins begins with. Each module would
say that it was imported; none may. Times are those of the processor, which a busy machine does not
change; on an idle one they are what one waits.
"""

import argparse
import os
import resource
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

STARTS = {
    "anomed --help": ["-m", "anomed_core", "--help"],
    "anomed plugins --help": ["-m", "anomed_core", "plugins", "--help"],
    "a scan": ["-c", "from anomed_core.plugins import build_registry; build_registry()"],
}
MOST_MS = 50.0


def install_plugins(folder: Path, n_plugins: int) -> None:
    """Leave what an installer leaves of each plugin: metadata, entry points, a module."""
    for number in range(n_plugins):
        metadata = folder / f"anomed_fake_{number}-1.0.dist-info"
        metadata.mkdir(parents=True)
        (metadata / "METADATA").write_text(
            f"Metadata-Version: 2.1\nName: anomed-fake-{number}\nVersion: 1.0\n"
        )
        (metadata / "entry_points.txt").write_text(
            f"[anomed.challenge_types]\nfake-{number} = fake_{number}\n"
        )
        (folder / f"fake_{number}.py").write_text(
            "import sys\nsys.stderr.write(f'{__name__} was imported\\n')\nANOMED_API = 1\n"
        )


def seconds(arguments: list[str], folder: Path | None) -> float:
    """Run Python once and return its CPU time; a plugin that is imported ends the measurement."""
    environment = {**os.environ, "PYTHONPATH": str(folder) if folder else ""}
    before = _spent_s()
    done = subprocess.run(
        [sys.executable, *arguments], env=environment, capture_output=True, text=True, check=True
    )
    if "was imported" in done.stderr:
        raise SystemExit(done.stderr)
    return _spent_s() - before


def _spent_s() -> float:
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


def main() -> int:
    """Print medians and their difference; 1 if it is above the limit."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.startup", description=__doc__)
    parser.add_argument("--plugins", type=int, default=50)
    parser.add_argument("--repeats", type=int, default=15)
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        install_plugins(folder, chosen.plugins)
        worst = 0.0
        for label, arguments in STARTS.items():
            runs = [
                (seconds(arguments, None), seconds(arguments, folder))
                for _ in range(chosen.repeats + 1)
            ][1:]  # the first one compiles
            without, with_plugins = (
                1000 * statistics.median(column) for column in zip(*runs, strict=True)
            )
            added = 1000 * statistics.median(many - none for none, many in runs)
            worst = max(worst, added)
            print(
                f"{label}: {without:.0f} ms, with {chosen.plugins} plugins "
                f"{with_plugins:.0f} ms, added {added:+.1f} ms (at most {MOST_MS:.0f})"
            )
    return int(worst > MOST_MS)


if __name__ == "__main__":
    sys.exit(main())
