# Everything is made from python3 and make: `make demo` and `make test` work on a fresh clone.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
SOURCES := $(shell find hyperparameter hp_dist -name '*.py')

.PHONY: demo test coverage lint bench engines clean

demo: $(VENV)/.installed
	$(BIN)/python examples/digits.py

test: $(VENV)/.installed
	$(BIN)/pytest

# Twice as slow as the tests alone: it follows every worker.
coverage: $(VENV)/.installed
	$(BIN)/pytest --cov --cov-report=term:skip-covered

lint: $(VENV)/.installed
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports

# Runs the contract of all engines and writes its table.
engines: $(VENV)/.installed
	$(BIN)/pytest --engines-matrix=docs/engines.md tests/hp_dist/engines/test_contract_*.py

bench: $(VENV)/.installed
	$(BIN)/python benchmarks

clean:
	rm -rf $(VENV) .bench .coverage* .mypy_cache .pytest_cache .ruff_cache .import_linter_cache .hypothesis

$(VENV)/.dependencies: pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit("Python 3.11 or newer is needed: make PYTHON=python3.12" if sys.version_info < (3, 11) else 0)'
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install -q '.[dev]'
	@touch $@

# The package itself is installed, not linked: what is tested is what users get.
$(VENV)/.installed: $(VENV)/.dependencies $(SOURCES)
	$(BIN)/python -m pip install -q --no-deps --force-reinstall .
	@touch $@
