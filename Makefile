# Each target sets up what it needs; a second run is quick. `make` alone lists them.
SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
MAKEFLAGS += --no-print-directory

BIN := .venv/bin
UV := $(BIN)/uv
NEEDS := .ci/system-packages
DEMO := SCHOOLGATE_DATA_DIR=$(CURDIR)/.demo
AT := $(if $(PORT),--port $(PORT))
RUN := SCHOOLGATE_DATA_DIR=$${SCHOOLGATE_DATA_DIR:-$(CURDIR)/var}

.PHONY: help
help: ## Show this list
	@awk 'BEGIN {FS = ":.*## "} /^[a-z-]+:.*## / {printf "  make %-18s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

# --- Setting up -------------------------------------------------------------------------------------------------------

.PHONY: install
install: .venv/.installed ## Make the virtual environment with .venv/bin/schoolgate

.venv/.made: requirements/install.txt
	@python3 -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "Python 3.11 or later is needed." >&2; exit 1; }
	@python3 -c 'import ensurepip, venv' 2>/dev/null || { echo "Python can't make virtual environments here: install python3-venv (on Debian: apt-get install python3-venv) and run this again." >&2; exit 1; }
	@test -x $(BIN)/python || python3 -m venv .venv
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/install.txt
	@touch $@

.venv/.installed: .venv/.made requirements/base.txt pyproject.toml
	@$(UV) pip install --quiet --python $(BIN)/python --require-hashes -r requirements/base.txt
	@$(UV) pip install --quiet --python $(BIN)/python --no-deps --no-build-isolation --editable .
	@touch $@

.venv/.developing: .venv/.installed requirements/dev.txt
	@$(UV) pip install --quiet --python $(BIN)/python --require-hashes -r requirements/dev.txt
	@touch $@

.PHONY: system-install system-demo system-test
system-install:
	@$(NEEDS) venv
system-demo:
	@$(NEEDS) venv fonts
system-test:
	@$(NEEDS) venv fonts browser postgres poppler gettext

# --- Using it ---------------------------------------------------------------------------------------------------------

.PHONY: demo demo-reset run
demo: system-demo install ## Build the sample schools, once, and start schoolgate on them (PORT=8001)
	@$(DEMO) $(BIN)/schoolgate demo $(AT)

demo-reset: system-demo install ## Throw the sample schools away, and start over
	@rm -rf .demo
	@$(DEMO) $(BIN)/schoolgate demo $(AT)

run: system-demo install ## Start schoolgate on a database of your own (var/, or as the environment says)
	@$(RUN) $(BIN)/schoolgate serve

# --- Working on it ----------------------------------------------------------------------------------------------------

.PHONY: test check fix migrate docs messages lock reliability bench
test: system-test .venv/.developing ## Run all tests: on SQLite, on PostgreSQL, in Chromium
	@$(BIN)/python -m tests $(PYTEST)

check: system-test .venv/.developing ## Look at format, lint, types, imports, migrations, translations, docs
	@$(BIN)/python -m tests.check

fix: .venv/.developing ## Mend what the linters can mend by themselves
	@$(BIN)/ruff check --quiet --fix-only .
	@$(BIN)/ruff format --quiet .
	@git ls-files -z -- 'schoolgate/**.html' | xargs -0 -r $(BIN)/djade --target-version 5.2 || true
	@$(BIN)/pyproject-fmt pyproject.toml || true

migrate: .venv/.developing ## Write the migrations that the models ask for
	@$(BIN)/python manage.py makemigrations

messages: .venv/.developing ## Gather the marked strings into the translation files, and compile those
	@$(NEEDS) gettext
	@$(BIN)/python -m tests.messages

docs: .venv/.developing ## Write the parts of docs/reference/ that come from the code
	@$(BIN)/python -m tests.reference

lock: .venv/.made ## Compile the lock files again: newest versions that fit, with hashes, without addresses
	@for group in install base celery dev; do \
	  case $$group in \
	    install) source=requirements/install.in; more= ;; \
	    base) source=pyproject.toml; more= ;; \
	    celery) source=pyproject.toml; more="--extra celery" ;; \
	    dev) source=pyproject.toml; more="--group dev" ;; \
	  esac; \
	  $(UV) pip compile --quiet --generate-hashes --universal --python-version 3.11 --no-header --no-annotate \
	    --no-emit-index-url --no-emit-find-links $(LOCK) $$more $$source --output-file requirements/$$group.txt; \
	done

reliability: system-test .venv/.developing ## Races, crashes and tampering in full form (RELIABILITY=name for one)
	@$(BIN)/python -m tests.reliability $(RELIABILITY)

bench: .venv/.developing ## Measure what the project promises about speed, each beside its yardstick
	@$(NEEDS) venv fonts postgres libreoffice
	@$(BIN)/python -m bench $(BENCH)
