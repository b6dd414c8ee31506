# make demo · make test · make check · make catalogs · make bench · make evaluate-sources · make evaluate-text · make evaluate-swot · make up. Everything is installed into .venv from requirements.lock.
SHELL := /bin/sh
PYTHON ?= python3
BIN := .venv/bin
# One more than the smallest machine has cores: many a test waits for a web server. A file's tests stay with one worker, but for those that tests/conftest.py sets apart.
WORKERS := -n 3 --dist loadfile --no-loadscope-reorder
export AIRFLOW_HOME := $(CURDIR)
unexport PYTHONDONTWRITEBYTECODE
unexport PYTHONPATH

.PHONY: demo test test-slow check catalogs bench evaluate-sources evaluate-text evaluate-swot up setup browser lock clean

demo: setup
	$(BIN)/rivalscope demo

test: setup browser
	$(BIN)/python -m pytest -q -m "not slow" $(WORKERS)

test-slow: setup browser
	$(BIN)/python -m pytest -q -m slow $(WORKERS)

check: setup
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/airflow config lint

# Brings the report's translations up to date with its words; what is new stands in pipeline/catalogs/*.po to be translated.
catalogs: setup
	$(BIN)/python -m tests.catalogs

bench: setup
	$(BIN)/python -m tests.bench

# Against captured pages that are not part of the project; says so and fails where they are not there.
evaluate-sources: setup
	$(BIN)/python -m tests.evaluate_sources

# Against labelled texts that are not part of the project; says so and fails where they are not there.
evaluate-text: setup
	$(BIN)/python -m tests.evaluate_text

# Simulated markets: some minutes of two cores. The real lounges in it are not part of the project; it says so where they are not there.
evaluate-swot: setup
	$(BIN)/python -m tests.evaluate_swot

up: setup
	$(BIN)/rivalscope up

setup: .venv/installed

.venv/installed: requirements.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "rivalscope needs Python 3.11 or newer; name one: make PYTHON=python3.12 $(MAKECMDGOALS)"; exit 1; }
	test -x $(BIN)/python || $(PYTHON) -m venv .venv
	test -x $(BIN)/uv || $(BIN)/python -m pip install --quiet uv
	$(BIN)/uv pip install --quiet --python $(BIN)/python --compile-bytecode --require-hashes -r requirements.lock
	$(BIN)/uv pip install --quiet --python $(BIN)/python --no-deps -e .
	@touch $@

# The browser tests drive the system's Chromium and read its PDF back with pdftotext; CJK fonts are what a Korean or Japanese quote is seen with.
browser:
	@{ command -v chromium >/dev/null || command -v google-chrome >/dev/null; } && command -v pdftotext >/dev/null && fc-list :lang=ko 2>/dev/null | grep -q . || { \
	  if command -v apt-get >/dev/null && [ "$$(id -u)" = 0 ]; then \
	    apt-get update -qq && apt-get install -y -qq --no-install-recommends chromium fonts-noto-cjk poppler-utils; \
	  else echo "The browser tests need Chromium, CJK fonts and pdftotext: install the packages chromium, fonts-noto-cjk and poppler-utils."; fi; }

lock:
	$(BIN)/uv pip compile --quiet --universal --generate-hashes --no-header --no-emit-index-url --no-emit-find-links --all-extras pyproject.toml -o requirements.lock

clean:
	rm -rf .venv build data logs airflow.db* *.egg-info
