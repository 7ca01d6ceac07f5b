PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed

.DEFAULT_GOAL := help
.PHONY: help setup lint types unit test demo

help:  ## what there is
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*## /\t/' | expand -t 18

setup: $(STAMP)  ## make .venv with the locked dependencies and this package

$(STAMP): requirements.lock pyproject.toml
	$(PYTHON) -m venv $(VENV)
	$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
	$(BIN)/pip install --quiet --disable-pip-version-check --no-deps -e .
	@touch $@

lint: setup  ## ruff and the import rules
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/lint-imports

types: setup  ## mypy --strict
	$(BIN)/mypy

test: setup lint types  ## everything CI runs
	$(BIN)/pytest

demo: setup  ## run everything on this machine and watch it decide (INPUT=file: its events, not simulated ones)
	@$(BIN)/afterclick demo $(if $(INPUT),--input '$(INPUT)')
