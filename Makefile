# One command per habit. `make demo` and `make test` need only Python 3.11 or newer, make and git:
# everything else comes from the lock file and, for OpenSearch, by Maven coordinates with SHA-256 sums.

SHELL := /bin/sh
.DELETE_ON_ERROR:

VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed
ENGINES := $(VENV)/.engines
LOCK := requirements-dev.txt

# The first interpreter that is new enough and can make environments; `make PYTHON=/path/to/python3` overrides.
USABLE := import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 11))
PYTHON ?= $(shell for python in python3 python3.13 python3.12 python3.11 python3.14; do \
	"$$python" -c "$(USABLE)" >/dev/null 2>&1 && { command -v "$$python"; break; }; done)

# uv refuses to work without a cache folder; an account without a home gets one inside the environment.
UV = $(shell { mkdir -p "$${UV_CACHE_DIR:-$${XDG_CACHE_HOME:-$$HOME/.cache}/uv}" && \
	test -w "$${UV_CACHE_DIR:-$${XDG_CACHE_HOME:-$$HOME/.cache}/uv}"; } 2>/dev/null || \
	echo UV_CACHE_DIR=$(VENV)/uv-cache) VIRTUAL_ENV=$(VENV) $(BIN)/uv

# Where the tests lie that docs/faults.md names.
FAULTS := tests/faults tests/integration tests/contract tests/unit/fetcher tests/unit/extraction tests/unit/runtime \
	tests/unit/test_random_bytes.py tests/e2e/test_orders.py tests/e2e/test_backup.py tests/e2e/test_lanes.py \
	tests/e2e/test_upgrade.py

.PHONY: help demo test test-slow faults check lint format docs lock clean setup meaning

help:
	@echo "make demo       run everything on the demo corpus and show the stories found"
	@echo "make test       lint, types, import contracts and all tests on the real engines"
	@echo "make test-slow  the same, with the long tests at full length"
	@echo "make faults     every test of docs/faults.md: kills, outages, full disks, wrong clocks, hostile pages"
	@echo "make check      what CI runs (the same as make test)"
	@echo "make lint       lint, format, types and import contracts only"
	@echo "make format     put the code into its format"
	@echo "make docs       write the reference pages and the JSON Schema anew"
	@echo "make meaning    add the encoders of sentence meaning (123 MB, Linux only; off unless set)"
	@echo "make lock       resolve the dependencies of pyproject.toml anew"
	@echo "make clean      remove the environment, the data folder .newsfold and every cache of the checkout"

demo: $(ENGINES)
	$(BIN)/newsfold demo

test: lint $(ENGINES)
	$(BIN)/python -m pytest -m "not slow"

test-slow: lint $(ENGINES) meaning
	$(BIN)/python -m pytest

faults: $(ENGINES)
	$(BIN)/python -m pytest $(FAULTS)

check: test

lint: $(STAMP)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

format: $(STAMP)
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

# Generated pages stand in the repository; tests compare them with the code.
docs: $(STAMP)
	$(BIN)/python -m libs.contracts.schema
	$(BIN)/python -m libs.runtime.reference

setup: $(ENGINES)

# Beside the environment's own lock, which takes them out again when it is installed anew.
meaning: $(STAMP)
	@$(UV) pip install --quiet --require-hashes --only-binary :all: --requirement requirements-meaning.txt

# The environment: made anew when its interpreter has gone, filled from the lock, each file checked against its hash.
$(STAMP): $(LOCK) pyproject.toml
	@test -n "$(PYTHON)" || { echo "No Python 3.11 or newer with the modules venv and ensurepip was found." \
		"Install one, or name it: make PYTHON=/path/to/python3" >&2; exit 1; }
	@$(BIN)/python -c "$(USABLE)" 2>/dev/null || { echo "making $(VENV) with $(PYTHON)"; "$(PYTHON)" -m venv --clear $(VENV); }
	@$(BIN)/uv --version >/dev/null 2>&1 || { awk '/^uv==/ {on = 1} on {print} on && !/\\$$/ {exit}' $(LOCK) > $(VENV)/uv.txt; \
		$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes --only-binary :all: -r $(VENV)/uv.txt; }
	@echo "installing what $(LOCK) names"
	@$(UV) pip sync --quiet --require-hashes --compile-bytecode $(LOCK)
	@$(UV) pip install --quiet --no-deps --no-build-isolation --offline --editable .
	@touch $@

$(ENGINES): $(STAMP) libs/adapters/engines/opensearch.sha256
	@$(BIN)/python -m libs.adapters.engines fetch
	@touch $@

# The lock files hold for every supported Python; no index address stands in them. setuptools builds the project itself.
LOCKING = $(UV) pip compile --quiet --upgrade --universal --python-version 3.11 --generate-hashes \
	--no-annotate --no-emit-index-url --custom-compile-command "make lock"
COMPILE = echo "setuptools>=77" | $(LOCKING) pyproject.toml -
lock: $(if $(wildcard $(BIN)/uv),,$(STAMP))
	$(COMPILE) --extra all --output-file requirements.txt
	$(COMPILE) --extra dev --constraints requirements.txt --output-file requirements-dev.txt
	$(COMPILE) --extra fetcher --extra normalizer --extra deduplicator --extra indexer --extra cli --extra telemetry \
		--constraints requirements.txt --output-file requirements-services.txt
	echo "cyclonedx-bom" | $(LOCKING) - --output-file deploy/requirements-sbom.txt
	$(COMPILE) --extra deduplicator --extra meaning --constraints requirements.txt --output-file requirements-meaning.txt

clean:
	@test ! -x $(BIN)/python || $(BIN)/python -m libs.adapters.engines forget .newsfold
	rm -rf $(VENV) .newsfold build dist *.egg-info .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
