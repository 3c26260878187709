# make demo: the main job, for real, on this machine. make test: all the tests. make check: what each commit must pass.
.DEFAULT_GOAL := help
SHELL := bash
PYTHON ?= python3
VENV := .venv
export PATH := $(CURDIR)/$(VENV)/bin:$(CURDIR)/.tools/bin:$(PATH)
KEEP ?=
STORE ?= aws

NPM := $(addsuffix /node_modules/.package-lock.json,tests/editor examples/nodejs)

.PHONY: help install tools vault chromium nodejs editor demo demo-stop test check lint schema cli-docs

help: ## this list
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed 's/:.*## /\t/' | expand -t 12

install: $(VENV)/.installed ## the virtual environment with the package in it

$(VENV)/.installed: requirements.txt requirements-dev.txt pyproject.toml
	$(PYTHON) -m venv $(VENV)
	$(VENV)/bin/python -m pip install --quiet --disable-pip-version-check -r requirements-dev.txt
	$(VENV)/bin/python -m pip install --quiet --disable-pip-version-check --no-deps --editable .
	@touch $@

tools: ## the Pulumi CLI: from PATH, Pulumi's installer, or built with Go
	@tools/install.sh pulumi

vault: ## Vault: from PATH, or built with Go
	@tools/install.sh vault

demo: install tools $(if $(filter vault,$(STORE)),vault) ## provision, prove, rotate and refuse on this machine (KEEP=1 leaves the servers up)
	@$(VENV)/bin/tba demo --store $(STORE) $(if $(KEEP),--keep)

demo-stop: ## end the servers that `make demo KEEP=1` left up
	@$(VENV)/bin/tba demo --stop

chromium: ## a browser for the tests of the pages: from PATH, or Debian's package
	@tools/install.sh chromium

nodejs: tools examples/nodejs/node_modules/.package-lock.json ## Pulumi's Node.js language host, and the packages of examples/nodejs
	@tools/install.sh pulumi-language-nodejs

editor: tests/editor/node_modules/.package-lock.json ## the YAML language server, to test the schema with

$(NPM): %/node_modules/.package-lock.json: %/package-lock.json
	@tools/install.sh npm $*

test: install tools vault chromium nodejs editor ## every test, the real engine included
	$(VENV)/bin/python -m pytest

check: lint ## format, lint, types, fast tests: before each commit
	$(VENV)/bin/python -m pytest -m "not engine and not faults and not browser and not editor"

lint: install ## format, lint, types, the committed schema
	$(VENV)/bin/ruff format --check .
	$(VENV)/bin/ruff check .
	$(VENV)/bin/mypy
	$(VENV)/bin/python -m tba_secrets.spec.schema --check

schema: install ## write schema/environment.schema.json from the models
	$(VENV)/bin/python -m tba_secrets.spec.schema

cli-docs: install ## write docs/cli.md from what the commands' --help prints
	$(VENV)/bin/python -m tests.docs.cli_reference
