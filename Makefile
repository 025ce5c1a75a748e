# Every target does its own set-up: Python 3.11 or newer is all that a machine needs.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
JAVASCRIPT := clients/javascript
# The folders that npm installs something into.
LOCKED := $(patsubst %/package-lock.json,%,$(wildcard clients/*/package-lock.json examples/*/package-lock.json))
WORKERS ?= 4

# Container images set it. Without compiled modules each process that a test starts, and `make run`,
# compiles all of them anew.
export PYTHONDONTWRITEBYTECODE :=

.PHONY: run run-ha test tests javascript bench ratios fuzz chaos abuse lint audit release docs demo format schema emoji requirements clean

run: $(VENV)/.run
	@$(BIN)/python -m config.development.run

run-ha: $(VENV)/.develop
	@$(BIN)/python -m config.development.run_ha

# Tests wait more than they work: four at a time suit two cores, with the checks of `lint` beside.
# What they need is installed at the same time too.
test:
	$(MAKE) --no-print-directory --jobs=3 lint tests

tests: $(VENV)/.compiled javascript
	$(BIN)/python -m pytest -n $(WORKERS) --dist worksteal

# What the tests of clients/javascript and of the examples use, from their lock files. Without
# npm, or without its registry, they are skipped, and fail with CI=true.
javascript: $(addsuffix /node_modules/.installed,$(LOCKED))

%/node_modules/.installed: %/package-lock.json
	@if npm --prefix $* ci --ignore-scripts --no-audit --no-fund --loglevel=error; \
	then touch $@; \
	else echo "npm could not install what $* needs: its tests are skipped."; fi

# The product beside its peers, which this installs: all works, or `make bench
# WORKS=fan-out PEERS=product,ws ROUNDS=3 SECONDS=1 MINUTES=60 FOLDER=docs`.
bench: $(VENV)/.develop
	$(BIN)/python -m tests.benchmarks.peers $(if $(WORKS),--works $(WORKS)) \
		$(if $(PEERS),--peers $(PEERS)) $(if $(ROUNDS),--rounds $(ROUNDS)) \
		$(if $(SECONDS),--seconds $(SECONDS)) $(if $(MINUTES),--minutes $(MINUTES)) \
		$(if $(FOLDER),--folder $(FOLDER))

# The ratios that are promised, each with a figure of its own.
ratios: $(VENV)/.develop
	$(BIN)/python -m pytest tests/benchmarks -m benchmark -s -q

fuzz: $(VENV)/.develop javascript
	$(BIN)/python -m pytest tests/fuzz tests/integration/notifications/test_unread.py \
		tests/integration/admin/test_hostile_values.py tests/integration/personal_data \
		tests/integration/chat/rest/test_hostile_uploads.py \
		tests/integration/stores/firestore/test_crowds.py \
		tests/unit/messaging/delivery/hub/test_hub_random.py tests/integration/search \
		tests/unit/chat/payloads tests/clients/javascript tests/clients/python -m fuzz -s -q

# All cases, or `make chaos CASES=redis-killed,mixed SEEDS=1,2`.
chaos: $(VENV)/.develop javascript
	$(if $(CASES),,$(BIN)/python -m pytest tests/chaos tests/clients \
		tests/acceptance/test_killed_sweep.py tests/acceptance/test_killed_deletion.py \
		tests/acceptance/test_crash.py \
		tests/acceptance/test_replay.py tests/acceptance/test_operator.py \
		tests/acceptance/webhooks tests/integration/stores/exchange/test_bulk.py \
		tests/integration/search -m chaos -q)
	$(BIN)/python -m tests.chaos $(if $(CASES),--cases $(CASES)) $(if $(SEEDS),--seeds $(SEEDS))

# All attacks on all servers and stores, or `make abuse ATTACKS=pings,lists SERVERS=daphne
# STORES=sqlite ACCOUNTS=0,1 ROUNDS=1`; CLOCK=work on a machine that others use too.
abuse: $(VENV)/.develop
	$(BIN)/python -m tests.abuse $(if $(ATTACKS),--attacks "$(ATTACKS)") \
		$(if $(SERVERS),--servers $(SERVERS)) $(if $(STORES),--stores $(STORES)) \
		$(if $(ACCOUNTS),--accounts $(ACCOUNTS)) $(if $(ROUNDS),--rounds $(ROUNDS)) \
		$(if $(CLOCK),--clock $(CLOCK))

lint: $(VENV)/.develop
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy config chat messaging tests clients/python/src
	$(BIN)/lint-imports

# What is known to be wrong with the dependencies: asks PyPI, so not a part of `lint`.
audit: $(VENV)/.develop
	$(BIN)/uv tool run pip-audit -r requirements.txt --no-deps --disable-pip

# What a release consists of, in dist: a dry run, which tags and uploads nothing. `make release
# FINAL=1` also requires the date in CHANGELOG.md, and that the tag is free. Asks PyPI and npm.
release: $(VENV)/.develop javascript
	$(BIN)/python -m config.development.release $(if $(FINAL),--final)

# The site of the documentation, in docs/_build.
docs: $(VENV)/.develop
	$(BIN)/python -m sphinx --fail-on-warning --keep-going -q -b html docs docs/_build
	@echo "Open docs/_build/index.html."

format: $(VENV)/.develop
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

# The script of the demo page, which is committed, from clients/javascript/demo.
demo: javascript
	npm --prefix $(JAVASCRIPT) run --silent demo

# The emoji that reactions accept, as the pinned version of the library knows them.
emoji: $(VENV)/.develop
	$(BIN)/python -m config.development.emoji_table

# docs/openapi.yaml and docs/asyncapi.yaml, which tests hold against the API and the socket, and the
# types of clients/javascript and clients/python, which are generated from them.
schema: $(VENV)/.develop javascript
	DEBUG=1 SECRET_KEY=none CHAT_AUTH=dev $(BIN)/python manage.py spectacular --file docs/openapi.yaml
	DEBUG=1 SECRET_KEY=none CHAT_AUTH=dev $(BIN)/python manage.py asyncapi --file docs/asyncapi.yaml
	DEBUG=1 SECRET_KEY=none CHAT_AUTH=dev $(BIN)/python manage.py dump_conversations --schema > docs/exchange.schema.json
	if [ -e $(JAVASCRIPT)/node_modules/.installed ]; then npm --prefix $(JAVASCRIPT) run --silent schema; fi
	$(BIN)/python -m config.development.python_models

requirements: $(VENV)/.develop
	$(BIN)/uv pip compile -q --generate-hashes --universal --python-version 3.11 requirements.in -o requirements.txt
	$(BIN)/uv pip compile -q --generate-hashes --universal --python-version 3.11 -c requirements.txt requirements-tracing.in -o requirements-tracing.txt
	$(BIN)/uv pip compile -q --generate-hashes --universal --python-version 3.11 requirements-dev.in -o requirements-dev.txt

clean:
	rm -rf $(VENV) .peers docs/_build $(addsuffix /node_modules,$(LOCKED)) $(JAVASCRIPT)/types staticfiles files db.sqlite3* db-ha.sqlite3* .mypy_cache .ruff_cache .pytest_cache

$(VENV)/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		{ echo "Python 3.11 or newer is needed; name it with PYTHON=…"; exit 1; }
	@echo "Creating a virtual environment in $(VENV)…"
	@$(PYTHON) -m venv $(VENV)

$(VENV)/.run: requirements.txt | $(VENV)/bin/python
	@echo "Installing what it runs on (the first time this takes one to three minutes)…"
	@$(BIN)/python -m config.development.install requirements.txt
	@touch $@

# uv takes a fifth of pip's time. pip, which knows the machine's index, installs it, and everything
# where uv could not. What `.run` needs is among it.
$(VENV)/.develop: requirements-dev.txt | $(VENV)/bin/python
	@echo "Installing what developing and testing it needs…"
	@sed -n '/^uv==/,/[^\\]$$/p' requirements-dev.txt > $(VENV)/uv.txt
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r $(VENV)/uv.txt
	$(BIN)/uv pip install --quiet --python $(BIN)/python --require-hashes -r requirements-dev.txt || \
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements-dev.txt
	@touch $(VENV)/.run $@

# The test processes start together: each would compile the same modules.
$(VENV)/.compiled: $(VENV)/.develop
	@$(BIN)/python -m pytest --collect-only -qq > $(VENV)/collected.txt || true
	@touch $@
