# The project's tasks. PYTHON may name another interpreter (3.11 or newer).
PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
LABS := lab1 handson1 challenge1
BUILD := $(BIN)/python -m tests.testbed build

.PHONY: setup demo test check browser testbed lowest e2e session examples bench clean

$(VENV)/.installed: pyproject.toml
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or newer is needed, this is " + sys.version)'
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --upgrade pip
	$(BIN)/python -m pip install --quiet --editable '.[dev]'
	touch $@

setup: $(VENV)/.installed

demo: setup
	$(BIN)/pytest --k8s-grade=lab1 --k8s-grade-from=examples/lab1/half.zip; test $$? -le 1

test: setup
	$(BIN)/pytest -n auto --timeout=300

check: setup
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

# The web pages in a headless Chromium
browser: setup
	$(BIN)/pytest -m browser tests/browser

testbed: setup
	$(BUILD) $(addprefix --scenario ,$(LABS))

lowest:
	$(PYTHON) -m venv $(VENV)-lowest
	$(VENV)-lowest/bin/python -m pip install --quiet --upgrade pip
	$(VENV)-lowest/bin/python -m pip install --quiet --constraint tests/lowest.txt --editable '.[test]'
	$(VENV)-lowest/bin/pytest -n auto --timeout=300 tests/unit tests/plugin

e2e: setup testbed
	$(BIN)/pytest -m "e2e and not session" --timeout=1800 --durations=30 $(addprefix --ignore=,$(LEFT_OUT)) tests/e2e

# Every mutation again, of all labs or of one: make session LAB=lab1
session: setup testbed
	$(if $(LAB),,$(BUILD) --scenario autoscaling)
	$(BIN)/pytest -m session --timeout=1800 $(if $(LAB),-k $(LAB)) tests/e2e

examples: setup testbed
	$(BIN)/python -m tests.e2e.record_examples

bench: setup testbed
	$(BUILD) bench
	$(BIN)/python -m tests.bench
	$(BIN)/python -m tests.bench.scale

clean:
	rm -rf $(VENV) build dist *.egg-info
