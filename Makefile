# Everything a developer types. `make run` and `make test` need only Python 3.11 or newer; each makes .venv by itself.
# Settings of run: PICTURES=folder COPY=1 PORT=8020 HOST=127.0.0.1 LIBRARY=folder

# The first Python that is new enough; if none is, run.py says so in a sentence.
PYTHON ?= $(or $(shell for one in python3 python3.14 python3.13 python3.12 python3.11 python; do \
	$$one -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo $$one && break; done),python3)
BIN = .venv/bin
UI = pixlstash-web/web
NPM = npm --prefix $(UI) --no-fund --no-audit --no-update-notifier

.PHONY: run install test quick integration check check-ui torture bench ui clean

run:
	@$(PYTHON) run.py

install:
	@$(PYTHON) run.py install

# Files are handed to some processes in the order in which they are found, the browser's last (see tests/conftest.py).
# Two for each core: much of a test's time is waiting, for the disk, a process or a page.
WORKERS ?= $(shell $(PYTHON) -c 'import os; print(min(8, 2 * (os.cpu_count() or 1)))')

# They share the cores; libraries that took all of them in each process would be in each other's way.
test: export OMP_NUM_THREADS = 1
test: export OPENBLAS_NUM_THREADS = 1
# Hundreds of processes are started: without byte code each would compile all sources anew.
test: export PYTHONDONTWRITEBYTECODE =
test: install
	$(BIN)/python -m pytest -n $(WORKERS) --dist loadfile --no-loadscope-reorder --max-worker-restart 2 $(ARGS)

# The tests of daily work: no attacks, browsers, servers, engines or PyTorch, and none marked as slow.
SLOW = tests/comfyui tests/plugins tests/ui tests/web tests/test_skips.py $(addprefix tests/core/,backups cli engines)
quick: export OMP_NUM_THREADS = 1
quick: export OPENBLAS_NUM_THREADS = 1
quick: install
	$(BIN)/python -m pytest -n $(WORKERS) --dist loadfile -m "not attack and not slow" $(addprefix --ignore ,$(SLOW)) $(ARGS)

# Tests with other people's programs: ComfyUI on the CPU, from COMFYUI_DIR; Caddy, nginx and exiftool, if installed.
integration: export PYTHONDONTWRITEBYTECODE =
integration: install
	$(BIN)/python -m pytest --integration $(ARGS)

# The same attacks as in `make test`, many more of them: the seed is printed, SEED=n repeats it. Each result is written
# into docs/reliability.md when that test ends. ROWS=kill,power runs those whose names contain one of these words.
comma = ,
torture: install
	$(BIN)/python -m pytest --torture -o faulthandler_timeout=0 -m attack -rP \
		$(if $(ROWS),-k "$(subst $(comma), or ,$(ROWS))") $(ARGS)

# Each script says what was promised and ends with an error when that is missed. RECORD=1 writes docs/performance.md.
bench: install
	@missed=; for script in bench/[!_]*.py; do \
		echo "== $$script"; $(BIN)/python $$script $(ARGS) || missed=1; done; [ -z "$$missed" ]

check: install
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	@$(MAKE) --no-print-directory check-ui

check-ui:
	@if command -v npm >/dev/null; then \
		set -e; \
		[ -x $(UI)/node_modules/.bin/vitest -a $(UI)/node_modules/.package-lock.json -nt $(UI)/package-lock.json ] \
			|| $(NPM) ci; \
		$(NPM) run check; $(NPM) run test; \
	else \
		echo "npm is missing: the browser UI was NOT checked (install Node.js 20 or newer)."; \
		[ -z "$$PIXLSTASH_CI" ]; \
	fi

# Rebuilds the browser UI whenever a source of it changes; serve the library beside it.
ui:
	[ -d $(UI)/node_modules ] || $(NPM) ci
	$(NPM) run build -- --watch

clean:
	rm -rf .venv .mypy_cache .ruff_cache .pytest_cache .hypothesis $(UI)/node_modules
	find . -name __pycache__ -not -path './.git/*' -prune -exec rm -rf {} +
