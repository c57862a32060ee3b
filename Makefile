# Thin targets: each is one line that a person could type. Needs Python 3.11 or newer and make.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PLUGINS := $(wildcard plugins/*)
ADULT := $(addprefix --adult ,$(wildcard $(ANOMED_TEST_DATA)/adult.data.gz))
EDITABLE := -e .[postgresql,s3] -e ./client[cli,tables] $(addprefix -e ./,$(PLUGINS))
# Workers keep neighbouring tests, as these share servers and tables, and take from each other in the end.
PARALLEL := -n auto --dist worksteal
# Hundreds of interpreters start while tests run; without compiled files each compiles all of us.
unexport PYTHONDONTWRITEBYTECODE
# uv does not read pip's configuration; hand it the one setting that matters on closed networks.
export UV_FIND_LINKS := $(PIP_FIND_LINKS)

.PHONY: help install demo serve test test-timed test-slow test-e2e test-lomas test-deploy faults fuzz coverage check bench docs screenshots constraints clean
help:
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:[^#]*## /\t/' | expand -t 14

install: $(VENV)/.installed  ## set up .venv with the core, all plugins and the tools

$(VENV)/.installed: pyproject.toml constraints.txt client/pyproject.toml $(addsuffix /pyproject.toml,$(PLUGINS))
	$(PYTHON) -m venv $(VENV)
	$(BIN)/pip install --quiet uv
	$(BIN)/uv pip install --quiet --compile-bytecode --python $(BIN)/python -c constraints.txt --group dev $(EDITABLE)
	touch $@

demo: install  ## play a whole competition on this machine
	$(BIN)/anomed demo

serve: install  ## serve the iris challenge at http://127.0.0.1:8000
	$(BIN)/anomed serve --plugin supervised-mia

test: install  ## run the tests
	$(BIN)/pytest $(PARALLEL) -m "not e2e and not slow and not timed"

test-timed: install  ## run what measures time, one after the other, on a machine that does nothing else
	$(BIN)/pytest -m timed

test-slow: install  ## run what takes minutes: reference experiments, and properties on many more examples
	HYPOTHESIS_PROFILE=thorough $(BIN)/pytest $(PARALLEL) -m "(slow or hypothesis) and not e2e"

test-e2e: install  ## run real servers, the published AnoMed clients, and every wheel alone
	$(BIN)/pytest tests/e2e

test-deploy: install  ## build the image without a registry, and play a round with two of it behind nginx; as root
	ANOMED_TEST_IMAGE=1 $(BIN)/pytest -ra tests/e2e/test_image.py

test-lomas: install  ## fit models through Lomas' published clients; makes environments of 5 GB
	$(BIN)/pytest tests/lomas

faults: install  ## kill servers 200 times under load, fill disks, silence the platform; takes half an hour
	$(BIN)/pytest tests/faults

fuzz: install  ## throw at least 10,000 cases at routes, codecs, plugins and a real server; takes minutes
	ANOMED_FUZZ_CASES=400 ANOMED_FUZZ_AT_LEAST=10000 $(BIN)/pytest tests/fuzz tests/faults/test_fuzzed_server.py plugins/dp_query/tests/libraries

coverage: install  ## run the tests and show which lines and branches they reach
	$(BIN)/pytest $(PARALLEL) -m "not e2e and not slow and not timed" --cov --cov-report=term:skip-covered

check: install  ## lint, format and types
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

bench: install  ## measure beside the peers, each in an environment of its own; takes minutes
	$(BIN)/python -m benchmarks.startup
	$(BIN)/python -m benchmarks.report
	$(BIN)/python -m benchmarks.accounts
	$(BIN)/python -m benchmarks.http
	$(BIN)/python -m benchmarks.sustained
	$(BIN)/python -m benchmarks.anonymization_privacy --peer pycanon $(ADULT)
	$(BIN)/python -m benchmarks.anonymization_mondrian --peer anonypyx $(ADULT)
	$(BIN)/python -m benchmarks.anonymization_round
	$(BIN)/python benchmarks/mia_peers/compare.py
	$(BIN)/python -m benchmarks.synthesis_metrics --heavy
	$(BIN)/python -m benchmarks.synthesis_scale
	$(BIN)/python -m benchmarks.anomaly_detectors

constraints:  ## pin the versions that the tests run with
	$(BIN)/uv export -q --no-hashes --no-emit-workspace --all-groups --all-extras --no-annotate --no-header > constraints.txt

screenshots: install  ## take pictures of every page with chromium, wide and narrow, light and dark, in build/screenshots
	$(BIN)/python -m tests.e2e.screenshots build/screenshots

docs: install  ## renew the reference and build the pages in site/
	$(BIN)/python -m docs.generate
	$(BIN)/uv tool run --from mkdocs --with mkdocs-material mkdocs build

clean:  ## remove everything that make has made
	rm -rf $(VENV) build dist site anomed-state
