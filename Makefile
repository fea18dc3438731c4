# make demo     install what running needs, then serve a page on http://127.0.0.1:8000
# make test     install everything for development, check format, lint and types, run the tests
# make install  only install       make check  only format, lint, types       make docs  rewrite docs/cli.md
#
# DATA=photos.zip       your own photos for `make demo`: a folder, a zip or a table
# PORT=8000             where `make demo` serves
# PYTHON=python3.12     another Python (3.11 or newer); VENV=DIR another place for the virtual environment
# PIP_FLAGS=...         passed to pip, for instance to choose a CPU-only build of PyTorch

VENV ?= .venv
PORT ?= 8000
DATA ?=
PIP_FLAGS ?=
PYTHON ?= $(firstword $(foreach p,python3 python3.13 python3.12 python3.11,$(shell \
    $(p) -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo $(p))))

BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check
FOR_RUNNING := $(VENV)/.modiste-installed
FOR_DEVELOPMENT := $(VENV)/.modiste-installed-dev

.PHONY: install demo test check format docs clean

install: $(FOR_DEVELOPMENT)

demo: $(FOR_RUNNING)
	$(BIN)/modiste serve $(if $(DATA),"$(DATA)") --port $(PORT)

test: check
	$(BIN)/python -m pytest

check: $(FOR_DEVELOPMENT)
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy

format: $(FOR_DEVELOPMENT)
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

docs: $(FOR_DEVELOPMENT)
	$(BIN)/python -m modiste.cli.reference > docs/cli.md.new && mv docs/cli.md.new docs/cli.md

$(BIN)/python:
	@if [ -z "$(PYTHON)" ]; then \
	    echo "Modiste needs Python 3.11 or newer; found $$(python3 --version 2>&1 || echo none)." \
	         "Install one, or name it: make PYTHON=/path/to/python3.12 ..." >&2; exit 1; fi
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || { \
	    echo "$(PYTHON) cannot make virtual environments. On Debian and Ubuntu: apt install python3-venv" >&2; exit 1; }
	$(PYTHON) -m venv "$(VENV)" || { rm -rf "$(VENV)"; exit 1; }

$(FOR_RUNNING): pyproject.toml | $(BIN)/python
	@echo "Installing. The first time takes minutes: PyTorch is large."
	$(PIP) install $(PIP_FLAGS) --editable .
	@touch $@

# Whoever has everything for development also has what running needs.
$(FOR_DEVELOPMENT): pyproject.toml | $(BIN)/python
	@echo "Installing. The first time takes minutes: PyTorch is large."
	$(PIP) install $(PIP_FLAGS) --editable '.[dev]'
	@touch $(FOR_RUNNING) $@

clean:
	rm -rf build dist .mypy_cache .pytest_cache .ruff_cache
