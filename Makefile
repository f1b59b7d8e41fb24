# `make test` and `make demo` start from nothing: they make the virtual environment they need.
PYTHON ?= $(shell command -v python3)
PYTHON_TORCH ?= $(PYTHON)
SHELL := /bin/bash -o pipefail
VENV := .venv
BIN := $(VENV)/bin
.DEFAULT_GOAL := help

.PHONY: help setup test lint types contracts pages unit fuzz demo demo-torch docs gpu-check bench clean

help: ## this list
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 14

setup: $(VENV)/.ready ## the virtual environment with Jettison and its tools

$(VENV)/.ready: pyproject.toml tools/setup.sh
	@bash tools/setup.sh "$(PYTHON)" "$(VENV)"
	@touch $@

$(VENV)/.demo: $(VENV)/.ready pyproject.toml # what the examples make their models with
	@$(BIN)/python -m pip install -q --disable-pip-version-check --group demo 2>&1 | { grep -v 'is ignored: it is neither' || true; }
	@touch $@

test: lint types contracts pages unit fuzz ## lint, types, contracts, generated pages, then every test this machine can run

lint: setup ## ruff: rules and format
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .

types: setup ## mypy, strict
	@$(BIN)/mypy

contracts: setup ## import-linter
	@$(BIN)/lint-imports

pages: setup ## the generated pages agree with the program
	@$(BIN)/python docs/make_pages.py --check

unit: setup ## the tests; those with an engine, which mostly wait, beside the others
	@log=$$(mktemp); trap 'rm -f $$log' EXIT; \
	  $(BIN)/pytest -q tests/engine >$$log 2>&1 & engine=$$!; \
	  $(BIN)/pytest -q --ignore=tests/engine; rest=$$?; \
	  wait $$engine; code=$$?; cat $$log; \
	  test $$code -eq 0 -a $$rest -eq 0

fuzz: setup ## each fuzz target for a fixed number of runs
	@$(BIN)/python fuzz/run.py --runs 3000

demo: $(VENV)/.demo ## compose, inspect, slim, run and prove a real inference image
	@$(BIN)/python examples/demo.py examples/detector --out demo-out

demo-torch: $(VENV)/.demo ## the same for a torch service (CPU build)
	@$(BIN)/python examples/demo.py examples/torch-classifier --out demo-torch-out

docs: setup ## write the generated pages
	@$(BIN)/python docs/make_pages.py

gpu-check: setup ## prune a torch that is installed (PYTHON_TORCH) and compute the same on a GPU
	@$(BIN)/python bench/gpu_check.py --python $(PYTHON_TORCH)

bench: setup ## every measurement of docs/benchmarks.md
	@$(BIN)/python bench/run_all.py

clean: ## remove what the targets made, caches of images excepted
	rm -rf $(VENV) demo-out demo-torch-out .mypy_cache .ruff_cache .pytest_cache .hypothesis
