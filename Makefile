# make demo     install what running needs, then serve a page on http://127.0.0.1:8000
# make test     install everything for development, check format, lint and types, run the tests
# make install  only install       make check  only format, lint, types       make docs  rewrite docs/cli.md
# make notebook execute the course notebook on drawn items → build/notebook/*.ipynb, .html and .pdf
#
# DATA=photos.zip       your own photos for `make demo` and `make notebook`: a folder, a zip or a table
# SPLITS=dir            `make notebook` with DATA: the folder with train.csv and the four others
# EPOCHS=2              `make notebook`: a shorter training; CLASSIFIER=dir, EMBEDDING=dir: models instead of one
# PORT=8000             where `make demo` serves
# TESTERS=4             `make test`: in so many processes at once
# PYTHON=python3.12     another Python (3.11 or newer); VENV=DIR another place for the virtual environment
# PIP_FLAGS=...         passed to pip, for instance to choose a CPU-only build of PyTorch

VENV ?= .venv
TESTERS ?= 2
PORT ?= 8000
DATA ?=
SPLITS ?=
EPOCHS ?=
CLASSIFIER ?=
EMBEDDING ?=
PIP_FLAGS ?=
PYTHON ?= $(firstword $(foreach p,python3 python3.13 python3.12 python3.11,$(shell \
    $(p) -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo $(p))))

BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check
FOR_RUNNING := $(VENV)/.modiste-installed
FOR_DEVELOPMENT := $(VENV)/.modiste-installed-dev

NOTEBOOK := learning_fashion_features
CHROMIUM ?= $(firstword $(foreach p,chromium chromium-browser google-chrome,$(shell command -v $(p))))
ON_PAPER := @page{size:A4;margin:14mm} \
    @media print{.jp-Notebook pre{white-space:pre-wrap;font-size:8pt} h1,h2,h3{break-after:avoid}}
OFFLINE := mathjax_url require_js_url jquery_url widget_renderer_url

.PHONY: install demo test check format docs notebook clean

install: $(FOR_DEVELOPMENT)

demo: $(FOR_RUNNING)
	$(BIN)/modiste serve $(if $(DATA),"$(DATA)") --port $(PORT)

# A process for each core, and each computes on one thread: two that share both cores wait for each other.
test: check
	OMP_NUM_THREADS=1 $(BIN)/python -m pytest -n $(TESTERS) --dist loadfile --no-loadscope-reorder

check: $(FOR_DEVELOPMENT)
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy

format: $(FOR_DEVELOPMENT)
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

docs: $(FOR_DEVELOPMENT)
	$(BIN)/python -m modiste.cli.reference > docs/cli.md.new && mv docs/cli.md.new docs/cli.md

# The .py is the source; the .ipynb beside it is the same without outputs.
examples/$(NOTEBOOK).ipynb: examples/$(NOTEBOOK).py | $(FOR_DEVELOPMENT)
	$(BIN)/jupytext --quiet --update --to ipynb -o $@ $<

# Executed, then a page that fetches nothing, then on paper. What only writes sentences shows no code there.
notebook: examples/$(NOTEBOOK).ipynb
	@mkdir -p build/notebook
	DATA="$(abspath $(DATA))" SPLITS="$(abspath $(SPLITS))" EPOCHS="$(EPOCHS)" \
	    CLASSIFIER="$(abspath $(CLASSIFIER))" EMBEDDING="$(abspath $(EMBEDDING))" \
	    $(BIN)/jupyter nbconvert --to notebook --execute --output-dir build/notebook $<
	$(BIN)/jupyter nbconvert --to html --embed-images $(foreach url,$(OFFLINE),--HTMLExporter.$(url)=) \
	    --TemplateExporter.extra_template_basedirs=examples --template page \
	    --TagRemovePreprocessor.enabled=True --TagRemovePreprocessor.remove_input_tags=observation \
	    --no-prompt build/notebook/$(NOTEBOOK).ipynb
	@sed 's#</head>#<style>$(ON_PAPER)</style></head>#' build/notebook/$(NOTEBOOK).html > build/notebook/page
	@mv build/notebook/page build/notebook/$(NOTEBOOK).html
	@if [ -n "$(CHROMIUM)" ]; then \
	    "$(CHROMIUM)" --headless --no-sandbox --disable-gpu --no-pdf-header-footer \
	        --host-resolver-rules="MAP * ~NOTFOUND" --print-to-pdf=build/notebook/$(NOTEBOOK).pdf \
	        "file://$(abspath build/notebook)/$(NOTEBOOK).html"; \
	else echo "No Chromium found for the PDF: print build/notebook/$(NOTEBOOK).html from a browser." >&2; fi

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
