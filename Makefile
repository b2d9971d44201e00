# Needs GNU make and Python 3.11 or newer; everything else is installed into .venv from pyproject.toml, in the versions
# of constraints.txt.

# The first of these that really runs (a name may lead to a version that is not there), is new enough, and can make an
# environment.
PYTHON ?= $(shell for python in python3.13 python3.12 python3.11 python3.14 python3; do \
	$$python -c 'import ensurepip, sys; sys.exit(sys.version_info < (3, 11))' </dev/null >/dev/null 2>&1 \
	&& { echo $$python; break; }; done)
SCORING := .venv/.installed
ALL := .venv/.installed-dev
INSTALL := .venv/bin/python -m pip install --quiet --disable-pip-version-check --no-input -c constraints.txt -e

help:  ## List these targets.
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "make %-9s %s\n", $$1, $$2 }' Makefile

setup: $(SCORING)  ## Make .venv, or bring it up to date, with what scoring needs.

dev: $(ALL)  ## The same with all that training, plots and tests need (1.5 GB); the targets below begin with it.

# The file names the folder it was made for: an environment that was copied along with its folder would still run the
# code of the old place.
ifneq ($(shell cat $(SCORING) 2>/dev/null),$(CURDIR))
.PHONY: $(SCORING)
endif

$(SCORING): pyproject.toml constraints.txt
	@[ -n '$(PYTHON)' ] || { echo 'make: found no Python 3.11 or newer that can make an environment (on Debian, venv is' \
		'a package of its own); name one: make setup PYTHON=/path/to/python3' >&2; exit 2; }
	@[ "$$(cat $@ 2>/dev/null)" = "$$(pwd -P)" ] && .venv/bin/python -c '' 2>/dev/null || '$(PYTHON)' -m venv --clear .venv
	$(INSTALL) .
	@pwd -P > $@

$(ALL): $(SCORING)
	$(INSTALL) '.[dev]'
	@touch $@

check: dev  ## Look without running: format, lint, types, and whether the documents say what the code does.
	.venv/bin/ruff format --check
	.venv/bin/ruff check
	.venv/bin/mypy
	.venv/bin/python tests/bench/bench_house.py --check
	.venv/bin/pytest -n auto tests/test_docs.py tests/test_site.py tests/test_shown_commands.py tests/test_tutorials.py \
		tests/test_packaging.py tests/test_floor_plan.py

quick: dev  ## Run the unit and property tests, in less than a minute on two cores.
	.venv/bin/pytest -n auto -m "not slow"

test: dev  ## Run every test.
	.venv/bin/pytest -n auto

test-vllm: .venv-vllm/.installed  ## Run the tests of vLLM's engine, in an environment of their own (3 GB, Linux on x86-64).
	.venv-vllm/bin/python -m pytest -W default tests/vllm

.venv-vllm/.installed: pyproject.toml constraints-vllm.txt
	'$(PYTHON)' -m venv --clear .venv-vllm
	.venv-vllm/bin/python -m pip install --quiet --disable-pip-version-check --no-input --no-deps \
		-r constraints-vllm.txt -e .
	@touch $@

demo: dev  ## Train, generate, examine and tabulate in miniature; one that was interrupted goes on.
	.venv/bin/proctor study studies/miniature.toml --out runs/demo

docs: dev  ## Build the site of docs in build/site; a link that leads nowhere is an error.
	NO_MKDOCS_2_WARNING=1 .venv/bin/mkdocs build --quiet --strict

bench: dev  ## Measure what the documents claim, one script of tests/bench after the other.
	@for script in $(sort $(wildcard tests/bench/bench_*.py)); do \
		echo "== $$script"; .venv/bin/python "$$script" || exit; done

clean:  ## Remove what the other targets made; the runs are kept.
	rm -rf .venv .venv-vllm build dist proctor.egg-info .hypothesis .mypy_cache .pytest_cache .ruff_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

.PHONY: help setup dev check quick test test-vllm demo docs bench clean
