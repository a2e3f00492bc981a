# Copyright (c) 2026 The community.balena authors
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Every target makes what it needs. Paths are relative, so the checkout may lie in a folder of any name.

PYTHON ?= python3
export PYTHON
ifeq ($(HOME),)
export HOME := $(CURDIR)/.cache/home
endif

VENV := .venv
BIN := $(VENV)/bin
COLLECTION := .cache/ansible_collections/community/balena
# A collection that only the checks of extensions/awx need.
AWX := .cache/ansible_collections/awx/awx
export ANSIBLE_COLLECTIONS_PATH := $(CURDIR)/.cache
# Linters must not replace the newest ansible-core that the interpreter runs by one that they prefer.
SAME_CORE = ansible-core==$$($(BIN)/python -c 'from ansible.release import __version__; print(__version__)')
# Extra arguments for what a target runs: make test ARGS="-k application"
ARGS ?=

.PHONY: help venv demo device test lint sanity emulator new sdk-dist bench sizes docs picture docs-check readme surface clean

help: ## list the targets
	@sed -n 's/^\([a-z-]*\):.*## /\1\t/p' Makefile | expand -t 12

$(VENV)/.test-ready: requirements/test.txt meta/ee-requirements.txt emulator/requirements.txt
	@.ci/install.sh $(VENV) $@ requirements/test.txt

$(VENV)/.lint-ready: requirements/lint.txt $(VENV)/.test-ready
	@PIP_MORE="$(SAME_CORE)" .ci/install.sh $(VENV) $@ requirements/test.txt requirements/lint.txt

$(VENV)/.docs-ready: requirements/docs.txt $(VENV)/.lint-ready
	@PIP_MORE="$(SAME_CORE)" .ci/install.sh $(VENV) $@ requirements/test.txt requirements/lint.txt requirements/docs.txt

$(COLLECTION):
	@mkdir -p $(@D) && ln -sfn ../../.. $@

$(AWX): requirements/awx.txt | $(VENV)/.test-ready
	@$(BIN)/python tests/support/awx_collection.py

venv: $(VENV)/.test-ready $(COLLECTION) ## make .venv with what playbooks and tests need

demo: venv ## converge a simulated fleet, twice, and show that the second run changes nothing
	@$(BIN)/python tests/demo/run.py $(ARGS)

device: venv ## start a device on this machine; make device ARGS="-- ansible-playbook ..." runs a command beside it
	@$(BIN)/python tests/demo/device.py $(ARGS)

test: venv $(AWX) ## run all tests
	@$(BIN)/python -m pytest -n auto --dist worksteal --durations 10 $(ARGS)

lint: $(VENV)/.lint-ready $(COLLECTION) $(AWX) ## style, types, playbooks, changelog and documentation
	@$(BIN)/python .ci/lint.py $(ARGS)

sanity: $(VENV)/.lint-ready ## ansible-test sanity (Python 3.11 or newer), without ignores and without skipped checks
	@PYTHONPATH=.ci $(BIN)/python -m tests.sanity.run $(ARGS)

emulator: venv ## run the API emulator; make emulator ARGS="--port 8080 --seed FILE.yml"
	@$(BIN)/python -m emulator $(ARGS)

surface: venv ## compare the methods of two versions of the JavaScript SDK with ours
	@$(BIN)/python -m tests.oracle.surface $(ARGS)

new: venv ## begin a module, with its action, target and fragment: make new MODULE=balena_NAME
	@$(BIN)/python -m tests.support.new_module $(MODULE)

sizes: venv ## count the lines of code by area
	@$(BIN)/python -m tests.support.sizes

bench: venv ## measure against the budgets
	@$(BIN)/python -m tests.bench $(ARGS)

readme: venv ## run the README's commands as they stand there; make readme ARGS=--clone does so in a new clone
	@$(BIN)/python -m tests.support.readme $(ARGS)

sdk-dist: venv ## build wheels of the SDK and of the emulator into .cache/dist
	@$(BIN)/python packages/wheels.py build

docs: $(VENV)/.docs-ready $(COLLECTION) ## build the documentation into docs/_build and check its links
	@docs/tools/install.sh graphviz
	@$(BIN)/python docs/tools/build.py
	@$(BIN)/python docs/tools/check_links.py
	@$(BIN)/python docs/tools/check_search.py

picture: venv $(VENV)/.docs-ready ## draw the README's picture of a terminal, of a real rollout on the emulator
	@$(BIN)/python docs/tools/terminal_picture.py

docs-check: docs ## look at the documentation in a browser, and take pictures of it
	@docs/tools/install.sh browser
	@$(BIN)/python docs/tools/check_in_browser.py
	@$(BIN)/python docs/tools/check_reports_in_browser.py

clean: ## remove all that was made here, .venv included
	rm -rf .venv .cache tests/output docs/_build *.tar.gz
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
	find . -maxdepth 1 \( -name '.*_cache' -o -name .hypothesis \) -exec rm -rf {} +
