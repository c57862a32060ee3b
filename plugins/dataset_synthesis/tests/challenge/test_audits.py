"""Generators that the organiser can run again: named in the configuration, audited by canaries."""

import io
import json
import threading
from collections.abc import Iterator
from email.parser import BytesParser
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import numpy as np
import pandas as pd
import pytest
from anomed_dataset_synthesis.challenge.report import findings
from anomed_dataset_synthesis.external import (
    ServedGenerator,
    find_generator,
)
from anomed_dataset_synthesis.generators import DPMarginalTree, Generator
from anomed_dataset_synthesis.table.codebook import CategoryColumn, Codebook, NumericColumn

from anomed_core import ConfigError
from anomed_core.environments import ForeignLibraryError

TUNING, FINAL = "tuning", "validation"
BOOK = Codebook(
    (
        NumericColumn(name="age", kind="integer", minimum=0, maximum=99),
        CategoryColumn(name="job", categories=("clerk", "farmer")),
    )
)
MODULE = """
from anomed_dataset_synthesis.generators import DPMarginalTree

honest = DPMarginalTree(epsilon=0.5)
careless = DPMarginalTree(epsilon=500.0)
not_a_generator = 7
"""


@pytest.fixture(scope="module")
def generators(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    folder = tmp_path_factory.mktemp("modules")
    (folder / "audited_generators.py").write_text(MODULE)
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(folder)
        yield "audited_generators"


@pytest.fixture(scope="module")
def audited(open_served: Any, generators: str) -> Any:
    named = {name: f"{generators}:{name}" for name in ("honest", "careless")}
    return open_served(generators=named, audit_runs=30)


def publish(audited: Any, name: str, generator: Generator, *, claimed: DPMarginalTree) -> None:
    claim = {"generator": "marginal tree", **claimed.guarantee.to_dict()}
    table = audited.synthesize(generator, FINAL)
    audited.player.publish(name, table, data_split=FINAL, claim=claim)


def test_an_honest_claim_is_audited_and_a_false_one_refuted(audited: Any) -> None:
    """The second table looks as innocent as the first one; only running the generator tells."""
    claimed = DPMarginalTree(epsilon=0.5)
    publish(audited, "honest", claimed, claimed=claimed)
    publish(audited, "careless", DPMarginalTree(epsilon=500.0), claimed=claimed)
    found = {name: audited.attacked("audit", name) for name in ("honest", "careless")}
    assert found["honest"]["refuted"] == 0
    assert found["honest"]["epsilon_lower"] <= 0.5 < found["honest"]["epsilon_provable"]
    assert found["careless"]["refuted"] == 1
    assert audited.attacked("panel", "careless")["claim.refuted"] == 0
    claims = {one.anonymizer: one.claim for one in findings(audited.server.ledger.scores())}
    assert "audited" in claims["honest"]
    assert "refuted" in claims["careless"]


def test_who_makes_no_claim_or_gives_no_generator_is_not_audited(audited: Any) -> None:
    table = audited.synthesize(DPMarginalTree(epsilon=0.5))
    claim = DPMarginalTree(epsilon=0.5).guarantee.to_dict()
    audited.player.publish("stranger", table, data_split=TUNING, claim=claim)
    assert audited.attacked("audit", "stranger") is None
    audited.player.publish("honest", table, data_split=TUNING)
    assert audited.attacked("audit", "honest") is None


@pytest.mark.parametrize(
    ("reference", "said"),
    [
        ("no_such_module:generator", "cannot be imported"),
        ("audited_generators:missing", "cannot be imported"),
        ("audited_generators", "cannot be imported"),
        ("audited_generators:not_a_generator", "is no generator but int"),
        ("anomed_dataset_synthesis.generators:Copy", "is no generator but"),
        ("http://user@host/", "no address"),
    ],
)
def test_a_generator_that_is_none_is_found_at_the_start(
    open_served: Any, generators: str, reference: str, said: str
) -> None:
    with pytest.raises(ConfigError, match=said) as refusal:
        open_served(generators={"somebody": reference})
    assert "generators.somebody" in str(refusal.value)


class Bootstraps(BaseHTTPRequestHandler):
    """A generator of a few lines behind HTTP; what it does depends on the path."""

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        head = f"Content-Type: {self.headers['Content-Type']}\r\n\r\n".encode()
        parts = {
            part.get_param("name", header="Content-Disposition"): part.get_payload(decode=True)
            for part in BytesParser().parsebytes(head + body).get_payload()
        }
        table = pd.read_parquet(io.BytesIO(parts["table"]))
        assert len(json.loads(parts["codebook"])["columns"]) == table.shape[1]
        n_records = int(parts["n_records"]) - ("short" in self.path)
        found = table.sample(n_records, replace=True, random_state=int(parts["seed"]))
        answer = b"no table" if "bad" in self.path else found.to_parquet(index=False)
        self.send_response(500 if "broken" in self.path else 200)
        self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    def log_message(self, *_: Any) -> None:
        """Say nothing."""


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    with ThreadingHTTPServer(("127.0.0.1", 0), Bootstraps) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


def few_people() -> pd.DataFrame:
    return pd.DataFrame({"age": [20, 31, 44, 64] * 5, "job": ["clerk", "farmer"] * 10})


def test_a_generator_behind_http_is_fitted_and_sampled(address: str) -> None:
    generator = find_generator("somebody", address)
    assert isinstance(generator, Generator)
    fitted = generator.fit(few_people(), BOOK, rng=np.random.default_rng(0))
    tables = [fitted.sample(30, rng=np.random.default_rng(seed)) for seed in (1, 1, 2)]
    pd.testing.assert_frame_equal(tables[0], tables[1])
    assert not tables[0].equals(tables[2])
    assert set(tables[0]["age"]) <= {20, 31, 44, 64}


@pytest.mark.parametrize(
    ("path", "said"), [("/short", "29 records where 30"), ("/broken", "500"), ("/bad", "no table")]
)
def test_a_generator_that_fails_behind_http_is_quoted(address: str, path: str, said: str) -> None:
    served = ServedGenerator(name="somebody", url=address + path)
    fitted = served.fit(few_people(), BOOK, rng=np.random.default_rng(0))
    with pytest.raises(ForeignLibraryError, match=said):
        fitted.sample(30, rng=np.random.default_rng(1))


def test_a_server_that_is_gone_is_named() -> None:
    fitted = ServedGenerator(name="gone", url="http://127.0.0.1:9").fit(
        few_people(), BOOK, rng=np.random.default_rng(0)
    )
    with pytest.raises(ForeignLibraryError, match=r"gone at http://127\.0\.0\.1:9"):
        fitted.sample(5, rng=np.random.default_rng(1))


def test_a_copy_behind_http_refutes_its_claim(open_served: Any, address: str) -> None:
    audited = open_served(generators={"distant": address}, audit_runs=20)
    claimed = DPMarginalTree(epsilon=0.5)
    publish(audited, "distant", claimed, claimed=claimed)
    assert audited.attacked("audit", "distant")["refuted"] == 1
