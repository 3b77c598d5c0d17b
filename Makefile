# Latchstring. `make help` lists what there is.
SHELL := /bin/bash
PYTHON ?= python3
VENV := .venv
PY := $(VENV)/bin/python
STAGE ?= prod
OUT ?= build/package
export PORT ?= 8000

.DEFAULT_GOAL := help
.PHONY: help run reset test check lint format bench package deploy api-key owner checkov openapi screenshots clean

help: ## what you can do here
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## (.*)/  make \1|\2/' | column -t -s '|'

$(VENV)/.installed: requirements.txt requirements-dev.txt
	@test -x $(PY) || $(PYTHON) -m venv $(VENV)
	@echo "Installing Python packages (once) ..."
	@$(PY) -m pip install --quiet --disable-pip-version-check -r requirements-dev.txt
	@touch $@

run: $(VENV)/.installed ## start everything on this machine and print where to click
	@exec $(PY) -m infra.local

reset: $(VENV)/.installed ## forget the local data: the next run starts with the demo again
	@$(PY) -m infra.local.reset

test: $(VENV)/.installed ## the whole suite, browser included where Chromium is installed
	@$(PY) -m pytest -q -n 3 --dist loadfile

check: lint ## lint, the architecture test and the fast tests: under a minute
	@$(PY) -m pytest -q -n 2 --dist loadfile -m "not slow and not browser"

lint: $(VENV)/.installed ## ruff, its formatter, mypy
	@$(PY) -m ruff check . && $(PY) -m ruff format --check . && $(PY) -m mypy

format: $(VENV)/.installed ## put the code in the form that check asks for
	@$(PY) -m ruff check --fix-only -q . && $(PY) -m ruff format -q .

bench: $(VENV)/.installed ## AWS calls, units, CPU and cold starts, as ratios measured in one run
	@$(PY) -m bench

package: $(VENV)/.installed ## the Lambda package and its CloudFormation template, in OUT (build/package)
	@$(PY) -m infra.package --stage $(STAGE) --out $(OUT)

deploy: $(VENV)/.installed ## package and deploy STAGE to the AWS account of your credentials; see docs/deployment.md
	@$(PY) -m infra.deploy --stage $(STAGE) --out $(OUT)

api-key: $(VENV)/.installed ## make the first API key of a deployed STAGE; NAME="what it is for"
	@$(PY) -m infra.keys --stage $(STAGE) first-api-key --name "$(or $(NAME),Setup)"

owner: $(VENV)/.installed ## invite the first owner of a portal of a deployed STAGE; PORTAL=acme EMAIL=ana@acme.example
	@$(PY) -m infra.owner --stage $(STAGE) --portal "$(PORTAL)" --email "$(EMAIL)"

checkov: $(VENV)/.installed ## install checkov in an environment of its own; the tests do it if it is absent
	@$(PY) -m tests.infra.checkov

openapi: $(VENV)/.installed ## write docs/openapi.json anew after a change of the API
	@WRITE_SNAPSHOT=1 $(PY) -m pytest -q tests/api/test_openapi.py -k snapshot

screenshots: $(VENV)/.installed ## take the pictures of the README from a running `make run`
	@$(PY) -m tests.screenshots docs/images
