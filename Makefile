PYTHON ?= python3
WORKERS ?= 2
BIN := .venv/bin
STAMP := .venv/.installed

.DEFAULT_GOAL := help
.PHONY: help setup demo test lint docs bench evidence clean

help:  ## list the targets
	@grep -E '^[a-z]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 10

setup: $(STAMP)  ## make .venv with all that demo, tests, docs and benchmarks need

# The build backend is resolved apart from the rest: newer pip reads the second name for it.
$(STAMP): pyproject.toml constraints.txt
	$(PYTHON) -m venv .venv
	PIP_CONSTRAINT=constraints.txt PIP_BUILD_CONSTRAINT=constraints.txt \
		$(BIN)/python -m pip install --quiet --editable '.[dev]'
	touch $@

demo: $(STAMP)  ## run the main job on a real pool; ends with demo/report.html
	$(BIN)/querist demo --dir demo

# Each worker gets a stretch of neighbouring tests, so that what a module shares is made once; one
# that is done takes half of what the other still has. Compiled modules are kept, also where the
# environment says otherwise: the tests start hundreds of processes.
test: $(STAMP)  ## run the tests, the doctests and the code of the documentation
	PYTHON=$(BIN)/python .ci/chromium
	PYTHONDONTWRITEBYTECODE= OMP_NUM_THREADS=1 OPENBLAS_NUM_THREADS=1 \
		$(BIN)/python -m pytest -n $(WORKERS) --dist worksteal

lint: $(STAMP)  ## ruff, mypy strict, import contracts, types of the pages' scripts
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-cache
	PYTHON=$(BIN)/python .ci/check-js

docs: $(STAMP)  ## build the documentation into site/
	NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --strict --quiet --site-dir site

bench: $(STAMP)  ## run every benchmark in benchmarks/
	for script in strategies default_recipe loop_overhead strategy_claims; do $(BIN)/python benchmarks/$$script.py || exit 1; done

evidence: $(STAMP)  ## every claim of docs/evidence, in the quick profile: 70 minutes of two cores
	$(BIN)/python benchmarks/evidence.py --quick

clean:  ## remove everything the other targets made
	rm -rf .venv site demo build dist .pytest_cache .mypy_cache .ruff_cache .hypothesis
