# Everything is made from python3 and make: `make demo` and `make test` work on a fresh clone.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
DEMO := .venv-demo
EXTRA_$(VENV) := dev
NEEDS_$(VENV) := all that tests, benchmarks and documentation need: 1.6 GB, three minutes or so
EXTRA_$(DEMO) := demo
NEEDS_$(DEMO) := scikit-learn: 310 MB, half a minute or so
SOURCES := $(shell find hyperparameter hp_dist -name '*.py')

.PHONY: demo test soak coverage lint docs picture bench engines clean

DIGITS := $(DEMO)/bin/python examples/digits.py -C examples/digits.toml

demo: $(DEMO)/.installed
	@echo "Six classifiers of handwritten digits, in two processes:"
	$(DIGITS) --sweep lr=0.001,0.01,0.1 --sweep width=16,64 --on processes:2 --maximize chosen_by
	@echo
	@echo "Try next:"
	@echo "  $(DEMO)/bin/hp runs -w 'chosen_by>0.95' --sort -tested  # what the store has"
	@echo "  $(DEMO)/bin/hp show digits-1/1  # what a run has read, and where each value came from"
	@echo "  $(DIGITS) --sweep lr=0.001,0.01,0.1,0.3 --sweep width=16,64 --on processes:2 --name digits-1 --resume"
	@echo "  $(DIGITS) --lr 0.1 -D prep.gamma=2 -ep prep.gamma train.lr"
	@echo "  $(DEMO)/bin/python examples/digits.py --help"

test: $(VENV)/.installed
	$(BIN)/pytest

# The same tests with the counts that prove something: hours, not minutes.
soak: $(VENV)/.installed
	HP_KILLS=50 HP_STRESS=full HP_EXAMPLES=10000 $(BIN)/pytest

# Twice as slow as the tests alone: it follows every worker.
coverage: $(VENV)/.installed
	$(BIN)/pytest --cov --cov-report=term:skip-covered

lint: $(VENV)/.installed
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/codespell
	$(BIN)/python tools/check_source.py
	NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --strict  # --quiet would let warnings pass

# The pages of docs/ with the API reference; without a server they can be read, but not searched.
docs: $(VENV)/.installed
	NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --strict
	@echo "Read it: $(BIN)/python -m http.server -d site"

# The picture in the README, drawn from the sessions in the tutorial.
picture: $(VENV)/.installed
	$(BIN)/python tools/terminal_picture.py docs/images/terminal.svg

# Runs the contract of all engines and writes its table.
engines: $(VENV)/.installed
	$(BIN)/pytest --engines-matrix=docs/engines.md tests/hp_dist/engines/test_contract_*.py

bench: $(VENV)/.installed
	$(BIN)/python benchmarks

# The section of sweeps alone, beside Hydra, Ray Tune and Optuna: five minutes.
bench-sweeps: $(VENV)/.installed
	$(BIN)/python benchmarks sweeps

clean:
	rm -rf $(VENV) $(DEMO) site .bench .coverage* .mypy_cache .pytest_cache .ruff_cache .import_linter_cache .hypothesis

# Both environments are made in the same way; the demo's is a third as large.
$(VENV)/.dependencies $(DEMO)/.dependencies: pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit("Python 3.11 or newer is needed: make PYTHON=python3.12" if sys.version_info < (3, 11) else 0)'
	@echo "Making $(@D) with this package and $(NEEDS_$(@D))."
	$(PYTHON) -m venv $(@D)
	$(@D)/bin/python -m pip install --progress-bar off '.[$(EXTRA_$(@D))]'
	@touch $@

# The package itself is installed, not linked: what is tested is what users get.
%/.installed: %/.dependencies $(SOURCES)
	$*/bin/python -m pip install -q --no-deps --force-reinstall .
	@touch $@
