# make demo: the main job, for real, on this machine. make test: what must pass before a merge. make check: before a commit.
.DEFAULT_GOAL := help
SHELL := bash
PYTHON ?= python3
VENV := .venv
export PATH := $(CURDIR)/$(VENV)/bin:$(CURDIR)/.tools/bin:$(PATH)
unexport PYTHONDONTWRITEBYTECODE # else every worker compiles every test again
KEEP ?=
STORE ?= aws
AUTH ?= tba
QUICK ?=
LOCK ?= requirements-dev.txt# make install LOCK=requirements.txt leaves out what only the tests need

WORKERS ?= 4# most tests wait for another process, so more than there are cores
PYTEST := $(VENV)/bin/python -m pytest
PARALLEL := -n $(WORKERS) --dist worksteal
FAST := not engine and not faults and not browser and not editor and not nodejs and not deep

PIP := $(VENV)/bin/python -m pip --quiet --disable-pip-version-check
UV := $(VENV)/bin/uv
COMPILE := $(UV) pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-package tba-secrets \
	--custom-compile-command "make lock" --extra all
NPM := $(addsuffix /node_modules/.package-lock.json,tests/editor tests/simulator/nodejs examples/nodejs)

N ?= 1 20
R ?= 1

.PHONY: bench help install lock dist tools vault chromium nodejs editor clients demo demo-stop test check coverage proof \
	test-lowest test-newest lint schema cli-docs

help: ## this list
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed 's/:.*## /\t/' | expand -t 14

install: $(VENV)/.installed ## the virtual environment with the package in it, every file checked against its hash

$(VENV)/.installed: $(LOCK) pyproject.toml
	$(PYTHON) -m venv $(VENV)
	$(PIP) install --require-hashes -r $(LOCK)
	$(PIP) install --no-deps --no-build-isolation --editable .
	@touch $@

lock: install ## write requirements.txt and requirements-dev.txt from pyproject.toml; UPGRADE=1 takes newer versions
	$(COMPILE) $(if $(UPGRADE),--upgrade) --output-file requirements.txt pyproject.toml
	$(COMPILE) $(if $(UPGRADE),--upgrade) --group dev --constraint requirements.txt --output-file requirements-dev.txt pyproject.toml

tools: ## the Pulumi CLI: from PATH, Pulumi's release (its SHA-256 checked), or built with Go
	@tools/install.sh pulumi

vault: ## Vault: from PATH, or built with Go
	@tools/install.sh vault

demo: install tools $(if $(filter vault,$(STORE)),vault) ## provision, prove, rotate, refuse, roll back, retire on this machine (KEEP=1 leaves the servers up)
	@$(VENV)/bin/tba demo --store $(STORE) --auth $(AUTH) $(if $(KEEP),--keep)

demo-stop: ## end the servers that `make demo KEEP=1` left up
	@$(VENV)/bin/tba demo --stop

dist: install ## a release: the wheel and the source distribution, checked by twine
	rm -rf dist
	$(VENV)/bin/python -m build --no-isolation --outdir dist .
	$(VENV)/bin/python -m twine check --strict dist/*

chromium: ## a browser for the tests of the pages: from PATH, or Debian's package
	@tools/install.sh chromium

nodejs: tools examples/nodejs/node_modules/.package-lock.json ## Pulumi's Node.js language host, and the packages of examples/nodejs
	@tools/install.sh pulumi-language-nodejs

editor: tests/editor/node_modules/.package-lock.json ## the YAML language server, to test the schema with

clients: tests/simulator/nodejs/node_modules/.package-lock.json ## a NetSuite client that others wrote, to test the simulator with

$(NPM): %/node_modules/.package-lock.json: %/package-lock.json
	@tools/install.sh npm $*

test: install tools vault chromium nodejs editor clients ## what must pass before a merge, the real engine included
	$(PYTEST) $(PARALLEL) -m "not deep" --durations 25

check: lint vault ## format, lint, types, the fast tests but the long ones: before each commit
	$(PYTEST) $(PARALLEL) -m "$(FAST) and not long"

coverage: install vault ## the fast tests once more, with the branches that they cover
	$(PYTEST) $(PARALLEL) -m "$(FAST)" --cov --cov-report=term

proof: install tools vault ## mutants, planted faults, faults on the wire, bad input, scale: a table (QUICK=1: a sample, minutes)
	$(VENV)/bin/python -m tests.proof $(if $(QUICK),--quick)

bench: install tools vault ## the time of each operation beside other ways, on this machine: N="1 20 100" R=5 STORE="aws vault"; into .bench/
	$(VENV)/bin/python -m bench --count $(N) --repeat $(R) --store $(STORE)

test-lowest: install vault ## the fast tests with the lowest versions that pyproject.toml allows
	$(call with-versions,lowest-direct, and not locked)

test-newest: install vault ## the fast tests with the newest versions that pyproject.toml allows
	$(call with-versions,highest)

# The group `dev` asks for the locked versions or newer, so at the low end what the tests import stays as it is locked.
# pip trusts the system's certificates by itself; uv does so only when told, and a network may have its own authority.
define with-versions
$(UV) venv --quiet --clear .venv-$(1)
$(UV) pip install --system-certs --quiet --python .venv-$(1) --resolution $(1) --group dev --editable '.[all]'
PATH="$(CURDIR)/.venv-$(1)/bin:$$PATH" .venv-$(1)/bin/python -m pytest $(PARALLEL) -m "$(FAST)$(2)"
endef

lint: install ## format, lint, types, the committed schema
	$(VENV)/bin/ruff format --check .
	$(VENV)/bin/ruff check .
	$(VENV)/bin/mypy
	$(VENV)/bin/python -m tba_secrets.spec.schema --check

schema: install ## write schema/environment.schema.json from the models
	$(VENV)/bin/python -m tba_secrets.spec.schema

cli-docs: install ## write docs/cli.md from what the commands' --help prints
	$(VENV)/bin/python -m tests.docs.cli_reference
