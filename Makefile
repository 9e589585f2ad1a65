# make run: the application on http://127.0.0.1:8000 with invented data. make test: everything that is checked.
# make quick: what needs no base, in a minute or so: lint, types, arrows, pure tests.
VENV ?= .venv
PYTHON ?= python3
HOST ?= 127.0.0.1
PORT ?= 8000
BIN := $(VENV)/bin
export RELAIS_DEMO ?= 1

.PHONY: run test quick test-dates test-dates-short check docs captures fuzz fuzz-forms guide kills bench bench-queue bench-board bench-registers readers clean

run: $(VENV)/.installed
	@$(BIN)/flask db upgrade
	@$(BIN)/flask seed demo
	@echo "Relais : http://$(HOST):$(PORT)"
	@$(BIN)/flask seed accounts
	@exec $(BIN)/gunicorn wsgi:app --bind $(HOST):$(PORT) --workers 1 --threads 8 --no-control-socket

WORKERS := -n auto --dist worksteal

test: $(VENV)/.installed-test check
	$(BIN)/pytest --base sqlite $(WORKERS) --durations=25
	@if $(BIN)/python -m tests.support.services postgresql; then \
	  $(BIN)/pytest --base postgresql $(WORKERS) --durations=25; \
	else \
	  echo "PostgreSQL ne répond pas : la suite n’a tourné que sur SQLite."; [ -z "$$CI" ]; \
	fi

# At five moments (tests/support/moments.py): all tests, but those in a browser and those that say their own moment.
test-dates: $(VENV)/.installed-test
	@$(BIN)/python -m tests.support.moments -n auto --dist worksteal -m "not browser and not at"

# The same with what another day breaks first: at most two minutes on two cores.
test-dates-short: $(VENV)/.installed-test
	@$(BIN)/python -m tests.support.moments -n auto --dist worksteal -m dates

quick: $(VENV)/.installed-test check
	$(BIN)/pytest -q --base none $(WORKERS) --durations=5

check: $(VENV)/.installed-test
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

# Writes anew the parts of docs/ that are made from the code.
docs: $(VENV)/.installed-test
	$(BIN)/python -m tests.support.diagrams

# Takes the pictures of the help anew, on the demonstration set.
captures: $(VENV)/.installed-test
	$(BIN)/python -m tests.support.photographer

# Looks for a file that breaks the reader, for MINUTES minutes.
MINUTES ?= 2
fuzz: $(VENV)/.installed-test
	$(BIN)/python -m tests.fuzz.fuzz_reader -max_total_time=$$(($(MINUTES) * 60))

# Looks for a form that answers 500 on PostgreSQL, for MINUTES minutes.
SEED ?= 1
fuzz-forms: $(VENV)/.installed-test
	$(BIN)/python -m tests.fuzz.fuzz_forms --minutes $(MINUTES) --seed $(SEED)

# Runs the commands of docs/exploitation.md one by one, in a temporary folder: some minutes.
guide: $(VENV)/.installed-test
	$(BIN)/pytest tests/work/guide_commands.py

# Flows at the size of the country, beside gzip, one tree and xmllint; ROUNDS measures of each. Then the funders' board.
FICHES ?= 20000
ROUNDS ?= 3
bench: $(VENV)/.installed-test
	@$(BIN)/python -m tests.bench.flux --fiches $(FICHES) --rounds $(ROUNDS)
	@$(BIN)/python -m tests.bench.board

# What each reader of the flows keeps of FICHES_READ invented fiches, by field; BEFORE=flow.xml: beside an earlier flow.
FICHES_READ ?= 2000
readers: $(VENV)/.installed-test
	@$(BIN)/python -m tests.bench.readers $(FICHES_READ) $(if $(BEFORE),--before $(BEFORE))

# The page of the moderators' queue with 600 fiches and with 60,000, on SQLite and on PostgreSQL.
bench-queue: $(VENV)/.installed-test
	@$(BIN)/python -m tests.bench.queue

# The funders' board with 50 conventions and with 5,000, on SQLite and on PostgreSQL.
bench-board: $(VENV)/.installed-test
	@$(BIN)/python -m tests.bench.board

# Registers at their real size: 35,000 communes, 30,000 certifications, 150,000 establishments.
bench-registers: $(VENV)/.installed-test
	@$(BIN)/python -m tests.bench.registers

# Kills processes at any moment, thousands of times where the suite does it a few dozen, on both bases.
KILLS ?= 5000
REGISTER_KILLS ?= 1000
WEBHOOK_KILLS ?= 300
KILLED := tests/notices/test_mail_kills.py tests/registers/test_kills.py tests/flux/test_webhook_kills.py
kills: $(VENV)/.installed-test
	for base in sqlite postgresql; do \
	  RELAIS_KILL_ROUNDS=$(KILLS) RELAIS_REGISTER_KILLS=$(REGISTER_KILLS) RELAIS_WEBHOOK_KILLS=$(WEBHOOK_KILLS) \
	    $(BIN)/pytest --base $$base $(KILLED) || exit 1; \
	done

$(VENV)/.installed: requirements.txt
	$(PYTHON) -m venv $(VENV)
	$(BIN)/pip install --quiet --disable-pip-version-check -r requirements.txt
	@touch $@

$(VENV)/.installed-test: requirements.txt requirements-test.txt
	$(PYTHON) -m venv $(VENV)
	$(BIN)/pip install --quiet --disable-pip-version-check -r requirements-test.txt
	@touch $@ $(VENV)/.installed

clean:
	rm -rf $(VENV) instance build *.egg-info .pytest_cache .mypy_cache .ruff_cache .import_linter_cache
