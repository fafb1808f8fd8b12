# Every command is `python -m workshop ...`, so where there is no make the same can be typed by hand.

# Python 3.11 if it is here, because the versions in constraints.txt were tested on it.
PYTHON ?= $(shell command -v python3.11 || command -v python3)
VENV := .venv
PY := $(VENV)/bin/python
# -qq: pip speaks only of errors.
PIP := $(PY) -m pip --disable-pip-version-check install -qq -c constraints.txt

# For make run; the recipes read them from the environment, so that a path may hold spaces.
BUDGET ?= ci
export BUDGET LESSON SOURCE TARGET SUBMISSIONS OUT SEED

.DELETE_ON_ERROR:
.DEFAULT_GOAL := help
.PHONY: help run lab doctor test regress measure bench results student solutions grade selftest format lint setup setup-dev peers lock clean distclean

help: ## Show this list
	@awk 'BEGIN { FS = ":.*## " } /^[a-z-]+:.*## / { printf "make %-10s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

run: $(VENV)/.core ## Run every lesson: BUDGET=smoke|ci|class|full LESSON=03 SOURCE=name-or-npz TARGET=name-or-npz
	@$(PY) -m workshop run --budget "$$BUDGET" $${LESSON:+--lesson "$$LESSON"} \
	    $${SOURCE:+--source "$$SOURCE"} $${TARGET:+--target "$$TARGET"}

lab: $(VENV)/.core ## Open the lessons in JupyterLab
	@$(PY) -m workshop lab

# Needs nothing installed: it is there to say what is missing.
doctor: ## Say what this machine has, and what to do about each gap
	@"$(if $(wildcard $(PY)),$(PY),$(PYTHON))" -m workshop doctor

test: $(VENV)/.dev ## Run the tests
	@$(PY) -m pytest tests

regress: $(VENV)/.dev ## Run the lessons at BUDGET under nbval, compare their verdicts with the saved ones
	@$(PY) -m workshop regress --budget "$$BUDGET"

measure: $(VENV)/.dev ## Run the studies behind the README's numbers
	@$(PY) -m workshop measure

bench: $(VENV)/.dev ## Time the kernels against their peers
	@$(PY) -m workshop bench

results: $(VENV)/.dev ## Train the stored results that are stale, and refresh the lessons' saved figures
	@$(PY) -m workshop results

student: $(VENV)/.dev ## Write what students receive to build/student and its zip: solutions cut out
	@$(PY) -m workshop student

solutions: $(VENV)/.dev ## Write what staff receive to build/solutions and its zip: solutions kept
	@$(PY) -m workshop solutions

grade: $(VENV)/.dev ## Grade a class: SUBMISSIONS=folder OUT=folder SEED=number, and MORE="--roster FILE --jobs 4 --resume"
	@test -n "$$SUBMISSIONS" -a -n "$$OUT" -a -n "$$SEED" || { echo "Say what to grade, where the grades go, and with\
	 which seed: make grade SUBMISSIONS=folder OUT=folder SEED=number." >&2; exit 2; }
	@$(PY) -m workshop grade "$$SUBMISSIONS" --out "$$OUT" --seed "$$SEED" $(MORE)

selftest: $(VENV)/.dev ## Grade the lessons, the students' edition and hostile submissions; write build/selftest.json
	@$(PY) -m workshop selftest

format: $(VENV)/.dev ## Format the code and the lessons
	@$(PY) -m ruff format .
	@$(PY) -m ruff check --fix .
	@$(PY) -m workshop format

lint: $(VENV)/.dev ## Check the code's format and style, and change nothing
	@$(PY) -m ruff format --check .
	@$(PY) -m ruff check .

setup: $(VENV)/.core ## Install what the lessons need

setup-dev: $(VENV)/.dev ## Install what changing and testing the workbook needs, too

peers: $(VENV)/.peers ## Install the peers that tests and benchmarks compare with, too

# soupsieve from 3 on refuses Python 3.11.0 to 3.11.4.
lock: $(VENV)/.made ## Write constraints.txt anew: newest versions in range; HOLD="torch==2.14.1" keeps some
	@echo "Installing the newest versions in range into build/lock; this may take many minutes."
	@$(PY) -m venv --clear build/lock
	@build/lock/bin/python -m pip --disable-pip-version-check install -qq 'soupsieve<3' $(HOLD) \
	    -e '.[core,classroom,present,dev]'
	@build/lock/bin/python -m pip freeze --exclude-editable > build/lock/freeze.txt
	@sed -n '/^#/p' constraints.txt > build/lock/constraints.txt
	@sed 's/+.*//' build/lock/freeze.txt | LC_ALL=C sort -f >> build/lock/constraints.txt
	@mv build/lock/constraints.txt constraints.txt
	@rm -r build/lock

clean: ## Remove what the commands wrote: build/ and caches
	@rm -rf build .pytest_cache .ruff_cache
	@find . -name .venv -prune -o \( -name __pycache__ -o -name .ipynb_checkpoints \) -prune \
	    -exec rm -rf {} +

distclean: clean ## Remove the environment and the downloaded data, too
	@rm -rf $(VENV) data/cache

# The set-up. A stamp is made only after its step has succeeded, and lies in .venv: they go together.
# The steps are a chain, so that two of them never install at once.

define CHECK_PYTHON
import sys
if not (3, 11) <= sys.version_info[:2] <= (3, 13):
    sys.exit("This is Python %d.%d; install Python 3.11, 3.12 or 3.13, or name one: make PYTHON=/path/to/python."
             % sys.version_info[:2])
try:
    import ensurepip
except ImportError:
    sys.exit("This Python cannot make environments; install its venv module (Debian: apt-get install python3-venv).")
endef
export CHECK_PYTHON

$(VENV)/.made:
	@test -n "$(PYTHON)" || { echo "No Python found; install Python 3.11, 3.12 or 3.13." >&2; exit 1; }
	@"$(PYTHON)" -c "$$CHECK_PYTHON"
	@echo "Making the environment $(VENV) with $(PYTHON)."
	@"$(PYTHON)" -m venv --clear $(VENV)
	@touch $@

$(VENV)/.core: $(VENV)/.made pyproject.toml constraints.txt
	@echo "Installing what the lessons need; the first time this may take several minutes."
	@$(PIP) -e '.[core]'
	@touch $@

$(VENV)/.dev: $(VENV)/.core
	@echo "Installing what changing and testing the workbook needs; the first time this may take a few minutes."
	@$(PIP) -e '.[core,classroom,present,dev]'
	@touch $@

$(VENV)/.peers: $(VENV)/.dev requirements-peers.txt
	@echo "Installing the peers that tests compare with; one is compiled, this may take a few minutes."
	@$(PIP) --use-pep517 --no-deps -r requirements-peers.txt
	@touch $@
