# `make compare` and `make test` need nothing but Python 3.11 or newer with pip; everything goes into .venv.

PYTHON ?= python3
BIN := .venv/bin
INSTALLED := .venv/installed

.PHONY: compare test test-long check docs serve clean

compare: $(INSTALLED)
	@$(BIN)/concord compare

test: $(INSTALLED)
	@$(BIN)/python -m pytest

# With 50 and 200 steps of each trajectory, whole training runs, each recipe as a program, and every notebook executed.
test-long: $(INSTALLED)
	@$(BIN)/python -m pytest --long

# The site: built into site/, or previewed with reload. The variable silences an advertisement.
docs: $(INSTALLED)
	@NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --strict

serve: $(INSTALLED)
	@NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs serve

# Style and types, as .ci/run checks them.
check: $(INSTALLED)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/pyright

$(INSTALLED): pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; sys.version_info >= (3, 11) or sys.exit("Concord needs Python 3.11 or newer, and $(PYTHON) is " + sys.version.split()[0] + ". Name another one: make $(MAKECMDGOALS) PYTHON=python3.11")'
	@echo "Setting up .venv with every framework (about 4 GB, once)"
	@$(PYTHON) -m venv --clear .venv
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[all,dev]'
	@touch $@

clean:
	rm -rf .venv .concord .pytest_cache .ruff_cache site dist build
