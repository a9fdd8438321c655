# The README's two commands: `make demo` and `make test`. Each does all its own set-up in .venv.
PYTHON ?= $(firstword $(foreach p,python3 python3.13 python3.12 python3.11 python3.14 python,\
	$(shell $(p) -c 'import sys; (3, 11) <= sys.version_info[:2] < (3, 15) and print("$(p)")' 2>/dev/null)))
VENV := .venv
BIN := $(VENV)/bin

.PHONY: demo test check test-live coverage flaky lock docs clean

demo: $(VENV)/.demo
	$(BIN)/forethought demo

test: $(VENV)/.dev
	$(BIN)/pytest

check: $(VENV)/.dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/pyright --pythonpath $(BIN)/python
	$(BIN)/lint-imports

test-live: $(VENV)/.dev
	$(BIN)/pytest -m live tests/live

coverage: $(VENV)/.dev
	$(BIN)/pytest --cov=forethought --cov-branch --cov-report=term-missing:skip-covered

# Twenty runs with four workers; says what fails and how often. Hours on a small machine.
flaky: $(VENV)/.dev
	$(BIN)/python bench/flaky.py

docs: $(VENV)/.dev
	$(BIN)/python docs/generate.py

# Writes the versions that resolve together today; names and versions only, no addresses.
lock: $(VENV)/.dev
	$(BIN)/pip freeze --exclude-editable | grep -E '^[A-Za-z0-9._-]+==' > constraints.txt

clean:
	rm -rf $(VENV) dist .mypy_cache .ruff_cache .pytest_cache .hypothesis

$(VENV)/.pip:
	$(if $(PYTHON),,$(error Python 3.11 to 3.14 is needed; say where: make $(MAKECMDGOALS) PYTHON=/path/to/python3))
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --upgrade 'pip>=25.1'
	touch $@

$(VENV)/.demo: $(VENV)/.pip pyproject.toml constraints.txt
	$(BIN)/python -m pip install --quiet --constraint constraints.txt --editable .
	touch $@

$(VENV)/.dev: $(VENV)/.pip pyproject.toml constraints.txt
	$(BIN)/python -m pip install --quiet --constraint constraints.txt --editable '.[postgres,fit,otel,export]' --group dev
	touch $@
