# Everything a new user needs: `make demo` and `make test`. Both make .venv first.
PYTHON ?= $(shell command -v python3.11 || command -v python3.10 || command -v python3)
VENV   := .venv
BIN    := $(VENV)/bin
STAMP  := $(VENV)/.installed
PACKAGES := bench cli compare engine migrate server studio trace v1 v2 wire

.PHONY: install demo demo-automl test test-fast lint bench docs signatures clean

install: $(STAMP)

# uv resolves the clients' pins in seconds; pip's resolver takes minutes and picks other versions.
$(STAMP): setup.cfg pyproject.toml
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -c 'import sys; sys.exit(sys.version_info[:2] not in ((3, 10), (3, 11)))' || \
		{ echo "amlbridge's full environment needs Python 3.10 or 3.11 (SDK v1 ends there); set PYTHON=python3.11"; rm -rf $(VENV); exit 1; }
	$(BIN)/python -m pip install --quiet --upgrade uv
	$(BIN)/uv pip install --quiet --python $(BIN)/python --prerelease if-necessary-or-explicit --editable '.[all]'
	$(BIN)/python -m compileall -q $(PACKAGES)
	touch $@

demo: install
	$(BIN)/python -m amlbridge.cli.demo

demo-automl: install
	$(BIN)/python -m amlbridge.cli.demo automl

lint: install
	rm -rf build/typing && mkdir -p build/typing/amlbridge
	for p in $(PACKAGES); do ln -sfn ../../../$$p build/typing/amlbridge/$$p; done
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	MYPYPATH=build/typing $(BIN)/mypy -p amlbridge

# Fast tests first, so that a plain mistake shows in seconds; at the same time mypy, which is one process. The logs of the
# slow ones then tell whether a real client has driven every operation that docs/coverage.md calls served; they lie
# outside of this repository, whose git properties the v1 client would record with each run.
test: install
	$(MAKE) --jobs 2 lint test-fast
	session=$$(mktemp -d) && trap 'rm -rf "$$session"' EXIT && \
		AMLBRIDGE_LOG_LEVEL=DEBUG $(BIN)/python -m pytest -m slow -n 5 --dist loadfile --no-loadscope-reorder --basetemp "$$session/tests" && \
		$(BIN)/python -m tests.support.operations "$$session/tests"

test-fast: install
	$(BIN)/python -m pytest -m 'not slow' -n 2

bench: install
	$(BIN)/python -m compileall -q $(PACKAGES)
	$(BIN)/python -m bench

docs: install
	$(BIN)/python -m amlbridge.migrate.documents mapping > docs/mapping.md
	$(BIN)/python -m amlbridge.migrate.documents rules > docs/rules.md
	$(BIN)/python -m amlbridge.server.coverage > docs/coverage.md
	$(BIN)/python -m amlbridge.server.v1_calls > docs/v1-calls.md

# Which names both SDKs have, from the installed packages: after an upgrade of one of them.
signatures: install
	$(BIN)/python -m amlbridge.migrate.signatures

clean:
	rm -rf build $(VENV) *.egg-info
