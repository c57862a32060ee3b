"""Play a whole round over HTTP on a table as large as Adult, and measure how long answers take.

A server of two workers hands out a leaky table of 32,561 people and 15 columns. Anonymizers publish
it in each scheme, for tuning and as their final; a deanonymizer attacks each table in all three
forms. The house attacks what was published meanwhile, so that answers compete with it for the
cores, as in a real competition. Published clients wait for 10 s; the exit status is 1 if an answer
takes more than 5 s.

    python -m benchmarks.anonymization_round
    python -m benchmarks.anonymization_round --adult adult.data.gz

The first takes two minutes on a simulated hospital register. With ``--adult`` the records of UCI
are drawn from with replacement until the leaky table is as large.
"""

from __future__ import annotations

import argparse
import io
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import attrs
import httpx
import numpy as np
import pandas as pd
from anomed_dataset_anonymization.anonymizers import ANONYMIZERS, create_anonymizer
from anomed_dataset_anonymization.schema import TableSchema

MOST_SECONDS = 5.0
N_LEAKY = 32_561
LEAKY_SHARE = 0.4
METHODS: dict[str, dict[str, object]] = {"identity": {}, "mondrian": {"k": 10}, "mdav": {"k": 10}}
SPLITS = ("tuning", "validation")
ADULT_COLUMNS = [
    "age",
    "workclass",
    "fnlwgt",
    "education",
    "education-num",
    "marital-status",
    "occupation",
    "relationship",
    "race",
    "sex",
    "capital-gain",
    "capital-loss",
    "hours-per-week",
    "native-country",
    "salary-class",
]
ADULT_KNOWN = ["age", "education", "occupation", "relationship", "sex", "native-country"]


@attrs.frozen
class Answer:
    """How long the server took for one POST."""

    what: str
    split: str
    size_bytes: int
    seconds: float
    note: str


class Round:
    """Plays against a server and keeps the times."""

    def __init__(self, client: httpx.Client) -> None:
        self.client = client
        self.answers: list[Answer] = []
        self.schema = TableSchema.from_document(self.get("/data/schema").json())
        self.leaky = self.table("/data/anonymizer/leaky")

    def get(self, path: str, **query: str) -> httpx.Response:
        return self.client.get(path, params=query).raise_for_status()

    def table(self, path: str, **query: str) -> pd.DataFrame:
        return pd.read_parquet(io.BytesIO(self.get(path, **query).content))

    def post(self, path: str, what: str, query: dict[str, str], **body: Any) -> dict[str, float]:
        began = time.perf_counter()
        answer = self.client.post(path, params=query, **body)
        seconds = time.perf_counter() - began
        if answer.status_code != httpx.codes.CREATED:
            raise RuntimeError(f"{what}: {answer.status_code} {answer.text}")
        metrics: dict[str, float] = answer.json()
        first, value = next(iter(metrics.items()))
        self.answers.append(
            Answer(
                what,
                query["data_split"],
                int(answer.request.headers["Content-Length"]),
                seconds,
                f"{first} {value:.3f}",
            )
        )
        return metrics

    def play(self, method: str, table: bytes, scheme: str) -> None:
        for split in SPLITS:
            query = {"anonymizer": method, "data_split": split}
            parts = {"anon_data": (None, table), "anon_scheme": (None, scheme.encode())}
            self.post("/utility/anonymizer", f"publish {method}", query, files=parts)
            self.attack(method, split)

    def attack(self, method: str, split: str) -> None:
        query = {"anonymizer": method, "deanonymizer": "attacker", "data_split": split}
        known = self.table("/data/deanonymizer/background-knowledge", **query)
        ids = known[["target_id"]]
        commonest = {c.name: self.leaky[c.name].mode()[0] for c in self.schema.sensitive}
        forms = {
            "inference": ids.assign(**commonest),
            "linkage": ids.assign(anon_row=np.arange(len(ids))),
            "reconstruction": self.leaky.reset_index(drop=True),
        }
        for task, claims in forms.items():
            self.post(
                "/utility/deanonymizer",
                f"{task} of {method}",
                {**query, "task": task},
                content=claims.to_parquet(),
            )


def write_configuration(folder: Path, adult: Path | None) -> Path:
    """Describe a challenge whose leaky table has the size of Adult."""
    n_people = round(N_LEAKY / LEAKY_SHARE)
    source, roles = f"simulated:hospital-register?n={n_people}&seed=7", 'predict = "admission_type"'
    if adult:
        people = pd.read_csv(adult, header=None, names=ADULT_COLUMNS, skipinitialspace=True)
        people = people.sample(n_people, replace=True, random_state=7)
        people.to_parquet(folder / "people.parquet", index=False)
        source = f"parquet:{folder / 'people.parquet'}"
        roles = f'quasi_identifiers = {ADULT_KNOWN}\nsensitive = ["salary-class"]'.replace("'", '"')
        roles += '\npredict = "salary-class"'
    path = folder / "challenge.toml"
    path.write_text(
        f'[challenges.round]\ntype = "dataset-anonymization"\ndata = {{ source = "{source}" }}\n'
        f"{roles}\n"
    )
    return path


@contextmanager
def server(folder: Path, configuration: Path) -> Iterator[str]:
    """Run a server of two workers and yield its address."""
    command = [sys.executable, "-m", "anomed_core", "serve", str(configuration), "--port", "0"]
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(
            [*command, "--workers", "2", "--state", str(folder / "state")],
            stdout=subprocess.PIPE,
            stderr=log,
            text=True,
            env=os.environ | {"OMP_NUM_THREADS": "1"},
        )
        try:
            yield announced(process)
        finally:
            process.terminate()
            process.wait()


def announced(process: subprocess.Popen[str]) -> str:
    for line in process.stdout or ():
        if " at http" in line:
            return line.split(" at ")[-1].split()[0]
    raise RuntimeError("the server did not start")


def main() -> int:
    """Print a table of answers and return the exit status."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--adult", type=Path, help="adult.data of UCI, plain or compressed")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        began = time.perf_counter()
        with (
            server(folder, write_configuration(folder, arguments.adult)) as url,
            httpx.Client(base_url=url, timeout=60, trust_env=False) as client,
        ):
            print(f"the server answers after {time.perf_counter() - began:.1f} s")
            game = Round(client)
            print(f"{len(game.leaky):,} leaky people, {len(game.schema)} columns")
            rng = np.random.default_rng(0)
            for method, parameters in METHODS.items():
                table = create_anonymizer(method, parameters).anonymize(
                    game.leaky, game.schema, rng=rng
                )
                game.play(method, table.to_parquet(), ANONYMIZERS[method].scheme)
    print(f"{'POST':<28}{'split':<12}{'MB':>6}{'s':>7}  first metric")
    for answer in game.answers:
        megabytes = answer.size_bytes / 1e6
        print(
            f"{answer.what:<28}{answer.split:<12}{megabytes:>6.2f}{answer.seconds:>7.2f}  "
            f"{answer.note}"
        )
    slowest = max(answer.seconds for answer in game.answers)
    print(
        f"slowest answer: {slowest:.2f} s, allowed: {MOST_SECONDS:g} s; "
        f"{os.cpu_count()} cores, load average {os.getloadavg()[1]:.1f}"
    )
    return int(slowest > MOST_SECONDS)


if __name__ == "__main__":
    raise SystemExit(main())
