# Everything a person types here. Each target makes its own .venv first (tools/bootstrap.sh):
# Python >= 3.11, make and a package registry are all it needs.

VENV ?= .venv
BIN := $(VENV)/bin
READY := $(VENV)/ready
ARGS ?=

export PYTHON VENV

.DEFAULT_GOAL := help
.PHONY: help demo test lint format bench docs lock clean

help: ## Show this list
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  make %-8s %s\n", $$1, $$2 }' Makefile

demo: $(READY) ## Run the lab example on a year of its data
	$(BIN)/python examples/lab/demo.py $(ARGS)

test: lint ## Check everything, then run the tests (ARGS="-k word" narrows them)
	$(BIN)/python -m pytest -n auto --dist loadfile $(ARGS)

lint: $(READY) ## Format, lint, types and layers; changes nothing
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-logo

format: $(READY) ## Format and mend what can be mended
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

bench: $(READY) ## Measure beside the peers, in an environment of its own
	$(BIN)/python -m benchmarks $(ARGS)

docs: $(READY) ## Draw what in docs/ comes from the code: commands, schemas, tables
	$(BIN)/python docs/generate_cli.py
	$(BIN)/python docs/generate_diff_schema.py
	$(BIN)/python docs/generate_states.py
	$(BIN)/python docs/generate_gates.py
	$(BIN)/python docs/generate_endings.py

lock: $(READY) ## Pin the newest of everything in requirements.lock
	tools/lock.sh

clean: ## Remove the environment and what tools left behind
	rm -rf $(VENV) build dist .coverage* .mypy_cache .pytest_cache .ruff_cache .import_linter_cache
	rm -rf .hypothesis benchmarks/.venv
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

# A file, not a phony name: installs once, and again when what is pinned changes.
$(READY): pyproject.toml requirements.lock tools/bootstrap.sh
	tools/bootstrap.sh
	@touch $@
