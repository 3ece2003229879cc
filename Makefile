# What a newcomer types. `make help` lists the targets.
PYTHON ?= python3
VENV   ?= .venv
BIN    := $(VENV)/bin
# Where pip finds torch. Empty: the package index, or a wheel that pip is set up to find.
# A build for one CUDA version: make install TORCH_INDEX=<the index that pytorch.org names for it>
TORCH_INDEX ?=
# Processes that share the tests. One more than cores: some tests wait for what they have started.
TEST_WORKERS ?= 3
# Trials are the unit of parallelism: one thread each.
export OMP_NUM_THREADS ?= 1

.DEFAULT_GOAL := help
.PHONY: help install demo test slow lint format ui bench faults audit clean

help:  ## List the targets
	@grep -hE '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/^([a-z]+):.*## /\1\t/' | expand -t 10

install: $(VENV)/.installed  ## Create .venv and install the pinned set

$(VENV)/.installed: pyproject.toml constraints.txt
	$(PYTHON) -m venv $(VENV)
	$(BIN)/pip install --quiet --disable-pip-version-check $(if $(TORCH_INDEX),--index-url $(TORCH_INDEX)) "$$(grep '^torch==' constraints.txt)"
	$(BIN)/pip install --quiet --disable-pip-version-check --constraint constraints.txt --editable ".[dev]"
	@touch $@

demo: install  ## Run the default search: BOHB over DeepFreak at scale=demo
	$(BIN)/python -m automl.run search=deepfreak_bohb

lint: install  ## Check style and types
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

format: install  ## Let ruff format and mend what it can
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

test: lint  ## Run lint and the tests
	$(BIN)/pytest -m "not slow" -n $(TEST_WORKERS) --dist loadfile --no-loadscope-reorder

slow: install  ## Run the tests that make test leaves out, but for the faults
	$(BIN)/pytest -m slow -n $(TEST_WORKERS) --dist loadfile --no-loadscope-reorder --ignore tests/faults

ui: install  ## Open the MLflow UI on the runs of this folder
	$(BIN)/python -m automl.ui

bench: install  ## Print the benchmarks
	$(BIN)/python -m benchmarks

faults: install  ## Kill and harm searches in every way, for half an hour, and compare what comes of them
	$(BIN)/pytest -m "slow or not slow" -n $(TEST_WORKERS) --dist loadfile --no-loadscope-reorder tests/faults

audit: install  ## Look up advisories on the pinned packages (needs the network)
	@$(BIN)/python -c "from urllib.request import urlopen; urlopen('https://pypi.org/pypi/pip/24.0/json', timeout=20).close()" \
	  2>/dev/null || { echo "audit: pypi.org does not answer with the advisories on a version of a package; nothing was looked up"; exit 2; }
	$(BIN)/pip-audit --strict --requirement constraints.txt --no-deps --disable-pip --progress-spinner off

clean:  ## Remove what install made; runs and data stay
	rm -rf $(VENV)
