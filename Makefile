# Qiangshi: `make help` lists the targets.
# The lock files are whole, so nothing is resolved while installing (--no-deps).
# Byte code is written even where the server forbids it: without it every import costs double.
SHELL := /bin/bash
unexport PYTHONDONTWRITEBYTECODE
PYTHON ?= $(shell command -v python3.11 || command -v python3)
VENV := .venv
BIN := $(VENV)/bin
ROOMS := sources expectations warehouse console orchestration
PIP := $(BIN)/python -m pip install --quiet --disable-pip-version-check --no-input

.DEFAULT_GOAL := help
.PHONY: help nightly test system check fix lock drivers try-superset catalogue models-site dagster console screenshots benchmark clean

help: ## lists the targets
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 14

$(VENV)/.runtime: requirements.lock pyproject.toml
	$(PYTHON) -m venv $(VENV)
	$(PIP) --require-hashes --no-deps --requirement requirements.lock
	$(PIP) --no-deps --no-build-isolation --editable .
	$(BIN)/python -m compileall -q $(ROOMS)
	@touch $@

$(VENV)/.dev: requirements-dev.lock $(VENV)/.runtime
	$(PIP) --require-hashes --no-deps --requirement requirements-dev.lock
	@touch $@

nightly: $(VENV)/.runtime ## sets up .venv, the demo workspace and its filings (once), runs the night, prints the five plan tables
	@$(BIN)/qiangshi init
	@$(BIN)/qiangshi demo --once
	@$(BIN)/qiangshi nightly
	@$(BIN)/qiangshi table --all

system: ## installs the programs that the tests use, where it may
	@.ci/system sshd=openssh-server ssh-keygen=openssh-client dovecot=dovecot-imapd \
	  "soffice=libreoffice-calc fonts-noto-cjk" lowriter=libreoffice-writer pdfinfo=poppler-utils \
	  chromium=chromium postgres=postgresql

test: $(VENV)/.dev drivers system ## sets up the same and runs the whole test suite
	$(BIN)/python -m pytest --numprocesses logical --dist loadfile

# Older DuckDB drivers that must open what is published, each in a folder of its own.
DRIVERS := $(patsubst tests/drivers/%.lock,$(VENV)/drivers/%/.done,$(wildcard tests/drivers/*.lock))

drivers: $(DRIVERS) ## installs the older DuckDB drivers that the tests open the published file with

$(VENV)/drivers/%/.done: tests/drivers/%.lock | $(VENV)/.runtime
	$(PIP) --require-hashes --no-deps --upgrade --target $(@D) --requirement $<
	@touch $@

$(VENV)/superset/.done: tests/bi/superset.lock | $(VENV)/.runtime
	$(PYTHON) -m venv $(VENV)/superset
	$(VENV)/superset/bin/python -m pip install --quiet --disable-pip-version-check --no-input --require-hashes --no-deps --requirement $<
	@touch $@

try-superset: $(VENV)/.dev $(VENV)/superset/.done ## tries Superset on the demo: imports our dashboard, compares its 47 rows with DuckDB's, writes var/superset.png
	@$(BIN)/qiangshi init
	@$(BIN)/qiangshi demo --once
	@$(BIN)/qiangshi nightly
	$(BIN)/python tests/bi/try_superset.py $(VENV)/superset/bin $${QIANGSHI_HOME:-var} $${QIANGSHI_HOME:-var}/superset.png

check: $(VENV)/.dev ## format, lint, types and SQL style
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/sqlfluff lint --processes 2 --disable-progress-bar models/staging models/intermediate models/marts models/tests

fix: $(VENV)/.dev ## formats the code and mends what the linters can mend
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

lock: $(VENV)/.dev ## resolves pyproject.toml anew into the two hashed lock files
	$(BIN)/uv pip compile --quiet --upgrade --generate-hashes --no-emit-index-url --no-header --python-version 3.11 --group dev pyproject.toml --output-file requirements-dev.lock
	$(BIN)/uv pip compile --quiet --generate-hashes --no-emit-index-url --no-header --python-version 3.11 --constraint requirements-dev.lock pyproject.toml requirements-build.in --output-file requirements.lock

catalogue: $(VENV)/.runtime ## writes the catalogue of rules on docs/validation.md from models/seeds/rules.csv
	$(BIN)/python -m expectations.catalogue docs/validation.md

models-site: $(VENV)/.runtime ## writes var/models.html: every model, column, test and exposure, with lineage
	$(BIN)/python -m orchestration.dbt_site var/models.html

dagster: $(VENV)/.runtime ## opens Dagster's own UI on 127.0.0.1
	@$(BIN)/qiangshi dagster

console: $(VENV)/.runtime ## opens the steward's desk on 127.0.0.1
	@$(BIN)/qiangshi console

screenshots: $(VENV)/.dev system ## makes the pictures of the desk in docs/images/ anew, from a demo workspace of its own
	$(BIN)/python -m tests.console.screenshots docs/images

benchmark: $(VENV)/.dev ## measures the night and its stages beside the bare cost of the tools
	$(BIN)/python tests/benchmarks/night.py

clean: ## removes the virtual environment and caches; never the workspace
	rm -rf $(VENV) .pytest_cache .mypy_cache .ruff_cache .hypothesis
