# The two commands a newcomer needs are `make demo` and `make test`; `make help` lists all.
PYTHON ?= $(shell command -v python3.11 || command -v python3)
VENV ?= .venv
BIN := $(VENV)/bin
BUILT := pyproject.toml CMakeLists.txt $(wildcard native/*.cpp native/*.h)
JOBS ?= 2

.PHONY: help demo test test-quick check format bench count corpus docs sanitize clean

help: ## list the goals
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 14

$(VENV)/.made:
	@test -n "$(PYTHON)" || { echo "Python 3.11 or newer is needed: install it, or name it with PYTHON=..."; exit 1; }
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or newer is needed; name it with PYTHON=...")'
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --upgrade "pip>=25.1"
	@touch $@

# The package with what the demo needs; built again when the kernel or its configuration changes.
$(VENV)/.installed: $(VENV)/.made $(BUILT)
	$(BIN)/python -m pip install --quiet --editable ".[demo]"
	@touch $@

$(VENV)/.dev: $(VENV)/.installed
	$(BIN)/python -m pip install --quiet --group dev
	@touch $@

demo: $(VENV)/.installed ## real pictures, in every format and after real edits, matched against a demo list and clustered; leaves demo-out/report.html and clusters.html
	$(BIN)/tutela demo demo-out

test: $(VENV)/.dev sanitize ## the whole test suite, on every CPU path, and the kernel under sanitizers
	$(BIN)/python -m pytest -q -n $(JOBS) --dist worksteal
	TUTELA_KERNEL=avx2 $(BIN)/python -m pytest -q tests/kernel tests/index tests/signals -m "not slow"
	TUTELA_KERNEL=portable $(BIN)/python -m pytest -q tests/kernel tests/index tests/signals -m "not slow"

test-quick: $(VENV)/.dev ## the suite without its slow tests
	$(BIN)/python -m pytest -q -n $(JOBS) -m "not slow and not corpus"

check: $(VENV)/.dev count ## style, types, architecture, size limits, docs in step, instruction counts
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/python tools/check_tree.py
	$(BIN)/python tools/make_reference.py --check
	$(MAKE) --no-print-directory docs

format: $(VENV)/.dev ## lay the sources out
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

docs: $(VENV)/.dev ## the documentation, into docs/_build/html; a warning is an error
	$(BIN)/sphinx-build -q -n -W --keep-going -b html docs docs/_build/html
	$(BIN)/sphinx-build -q -n -W --keep-going -b doctest docs docs/_build/doctest

sanitize: $(VENV)/.dev ## the kernel's own tests under AddressSanitizer and UBSan, on every CPU path
	$(BIN)/python tools/kernel_programs.py sanitize

count: $(VENV)/.dev ## instruction counts of the kernel (valgrind) against native/tests/counts.json
	$(BIN)/python tools/kernel_programs.py count

bench: ## ratios against peers in an environment of their own; writes bench/RESULTS.md
	$(PYTHON) bench/setup.py
	bench/.env/bin/python bench/run.py

corpus: $(VENV)/.installed ## the larger benign corpus from Debian packages, into corpus/ (not committed)
	$(BIN)/python tools/fetch_corpus.py

clean: ## what was built
	rm -rf build demo-out docs/_build $(VENV)
