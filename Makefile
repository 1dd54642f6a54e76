# Every target sets up what it needs: Python 3.11 or newer and make are enough.
# `make demo PYTHON=/path/to/python3` names the Python for a new .venv; else the first that fits is taken.

READY := .venv/.ready

.PHONY: help demo test check bench clean

help:
	@echo "make demo     a patient's first weeks, step by step, on a temporary database"
	@echo "make test     all tests"
	@echo "make check    format, lint, types"
	@echo "make bench    how fast it is, as ratios"
	@echo "make clean    removes .venv and everything that was built"

demo: $(READY)
	@.venv/bin/dayzero demo

test: $(READY)
	@.venv/bin/python -m pytest

check: $(READY)
	.venv/bin/python -m ruff format --check .
	.venv/bin/python -m ruff check .
	.venv/bin/python -m mypy

bench: $(READY)
	@.venv/bin/python -m bench

clean:
	rm -rf .venv build dist *.egg-info .mypy_cache .ruff_cache .pytest_cache .hypothesis
	find . -name __pycache__ -prune -exec rm -rf {} +

# The last thing a set-up writes is $(READY), with the directory it was made in. A .venv without it was interrupted; one
# with another directory was moved or copied, and its scripts point elsewhere; one whose Python does not run has lost it.
SOUND := $(shell test "$$(cat $(READY) 2>/dev/null)" = "$$(pwd -P)" && .venv/bin/python -c '' 2>/dev/null && echo yes)
ifneq ($(SOUND),yes)
.PHONY: $(READY)
endif

$(READY): pyproject.toml constraints.txt
	@SOUND="$(SOUND)" PYTHON="$(PYTHON)" sh .ci/set-up
