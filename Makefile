# Thin targets: each is one line that a person could type. Needs Python 3.11 or newer and make.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PLUGINS := $(wildcard plugins/*)
EDITABLE := -e .[postgresql] $(addprefix -e ./,$(PLUGINS))
# uv does not read pip's configuration; hand it the one setting that matters on closed networks.
export UV_FIND_LINKS := $(PIP_FIND_LINKS)

.PHONY: install
install: $(VENV)/.installed

$(VENV)/.installed: pyproject.toml constraints.txt $(addsuffix /pyproject.toml,$(PLUGINS))
	$(PYTHON) -m venv $(VENV)
	$(BIN)/pip install --quiet uv
	$(BIN)/uv pip install --quiet --python $(BIN)/python -c constraints.txt --group dev $(EDITABLE)
	touch $@
