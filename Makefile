# Needs python3 (3.11 or newer) and the coreutils, nothing else. All that it installs is in .venv,
# and in .venv-clients what generates clients from the OpenAPI documents.

PYTHON = python3
PY = .venv/bin/python
READY = .venv/.ready
CLIENTS = .venv-clients/.ready
ARGS =

.PHONY: demo test check fix prove bench golden

demo: $(READY)  ## The main job on a simulated book; the API stays up until Ctrl-C.
	@.venv/bin/duebook demo $(ARGS)

test: $(READY) $(CLIENTS)  ## Every test, layer after layer.
	@$(PY) tests/layers.py fast connected postgres15 journey killed crash

check: $(READY)  ## What every commit passes.
	@$(PY) -m ruff format --check
	@$(PY) -m ruff check
	@$(PY) -m mypy
	@.venv/bin/lint-imports
	@$(PY) tests/layers.py fast

fix: $(READY)  ## Format, and mend what ruff can mend.
	@$(PY) -m ruff format
	@$(PY) -m ruff check --fix

prove: $(READY)  ## Failpoints, kills, races and mutants.
	@$(PY) tests/layers.py crash_on_kafka faults six

bench: $(READY)  ## Measure this machine.
	@.venv/bin/duebook bench $(ARGS)

golden: $(READY)  ## Write the event samples, schemas and tables anew; read the diff before you commit it.
	@DUEBOOK_WRITE_GOLDEN=1 $(PY) -m pytest -q tests/contracts/test_goldens.py tests/contracts tests/architecture/test_limits.py

$(READY): requirements.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Duebook needs Python 3.11 or newer.")'
	@echo "Installing into .venv; this takes a minute, once."
	@$(PYTHON) -m venv .venv
	@$(PY) -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
	@$(PY) -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $(READY)

$(CLIENTS): tests/clients/requirements.lock
	@$(PYTHON) -m venv .venv-clients
	@.venv-clients/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes -r tests/clients/requirements.lock
	@touch $(CLIENTS)
