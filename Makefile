# Two commands do everything: `make lab` opens the workbench, `make test` runs the suite.
PYTHON ?= python3
ARGS ?=
VENV := .venv
BIN := $(VENV)/bin
RUNS := $(VENV)/.installed
SERVES := $(VENV)/.serves
PUBLISHES := $(VENV)/.publishes
DEVELOPS := $(VENV)/.develops
# Three workers, since those with a browser wait for it; tests/conftest.py says which tests stay together, and which
# start first.
PARALLEL := -n 3 --dist loadscope --no-loadscope-reorder
# What failed in that crowd is run once more by itself: a browser may have been slow, a fault fails again.
ALONE := --last-failed --last-failed-no-failures none

# Offline and quiet: no news, no look-ups, one kernel setting for all.
LAB_OPTIONS := --LabApp.news_url=None --LabApp.check_for_updates_class=jupyterlab.NeverCheckForUpdate --LabApp.extension_manager=readonly

.PHONY: help lab app test contract sync notebooks pytest export bench gpu family batchnorm samplers recipes ablations page site screenshots clean

help:            ## list the commands
	@grep -E '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -e 's/:[^#]*##/\t/' | expand -t 14

$(RUNS): pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(0 if sys.version_info >= (3, 10) else f"Python {sys.version.split()[0]} is too old: 3.10 or newer is needed (make PYTHON=python3.12 ...)")'
	@$(BIN)/python -m pip --version >/dev/null 2>&1 || $(PYTHON) -m venv --clear $(VENV)
	@echo "Installing (torch comes with its CUDA libraries: about 5 GB and 3 minutes, once)"
	$(BIN)/python -m pip install --quiet --editable .
	@touch $@

$(SERVES): $(RUNS)
	$(BIN)/python -m pip install --quiet --editable ".[app]"
	@touch $@

$(PUBLISHES): $(RUNS)
	$(BIN)/python -m pip install --quiet --editable ".[site]"
	@touch $@

$(DEVELOPS): $(RUNS)
	$(BIN)/python -m pip install --quiet --editable ".[dev]"
	@touch $@

lab: $(RUNS)     ## open JupyterLab on the workbench; ARGS="--no-browser --port 8899" passes options through
	$(BIN)/jupyter lab $(LAB_OPTIONS) nbs/workbench.ipynb $(ARGS)

app: $(SERVES)   ## the same as an app, served by Voila; ARGS="--no-browser --port 8899" passes options through
	$(BIN)/voila nbs/workbench.ipynb $(ARGS)

test: sync notebooks pytest   ## the suite: 14 to 20 minutes on two cores

contract: $(DEVELOPS)   ## the contract of an anchor, on the smallest model of each of timm's families
	$(BIN)/python -m pytest tests/test_contract.py -m contract $(PARALLEL)

notebooks pytest contract: export OMP_NUM_THREADS ?= 1      # several programs share the cores

sync: $(DEVELOPS)       ## notebooks clean, modules as exported
	$(BIN)/python -m pytest -q tests/test_sync.py

notebooks: $(DEVELOPS)  ## run the notebooks; lessons and paper are run by tests/test_lessons.py and test_claims.py
	$(BIN)/nbdev_test --n_workers 2 --timing --skip_folder_re '^([_.]|lessons$$|paper$$)'

pytest: $(DEVELOPS)     ## what a notebook cannot test
	$(BIN)/python -m pytest tests --ignore tests/test_sync.py $(PARALLEL) \
		|| $(BIN)/python -m pytest tests --ignore tests/test_sync.py $(ALONE)

export: $(DEVELOPS)     ## format and clean the notebooks and write snnet_lab/ from them
	$(BIN)/ruff format --quiet
	$(BIN)/nbdev_clean
	find snnet_lab -name '*.py' ! -name '__init__.py' -delete
	$(BIN)/nbdev_export

bench: $(DEVELOPS)      ## measure against the plain way; writes data/bench.csv and its picture
	$(BIN)/python tests/bench.py $(ARGS)
	$(BIN)/python tests/bench_plot.py

gpu: $(RUNS)     ## prove it on a CUDA device in 8 minutes; writes data/gpu.csv (without one: small settings, nothing written)
	$(BIN)/python tests/gpu.py $(ARGS)

family: $(DEVELOPS)     ## make what is missing of the shipped family (hours on a CPU)
	$(BIN)/python data/make_fashion.py $(ARGS)

samplers: $(DEVELOPS)   ## compare the samplers on the shipped family (hours on a CPU, resumable); writes data/samplers.csv
	$(BIN)/python data/make_samplers.py $(ARGS)

recipes: $(DEVELOPS)    ## compare recipes, chosen on a validation split (days on a CPU, resumable); writes data/recipes.csv
	$(BIN)/python data/make_recipes.py $(ARGS)

ablations: $(DEVELOPS)  ## make the rows that the paper's tables lack (about three hours on a CPU, resumable); writes data/ablations/
	$(BIN)/python data/make_ablations.py $(ARGS)

batchnorm: $(DEVELOPS)  ## measure what estimating batch norm again is worth; writes data/batchnorm.csv
	$(BIN)/python data/make_batchnorm.py

page: $(DEVELOPS)       ## make data/workbench.html again, the window as a page without a kernel
	$(BIN)/python data/make_page.py

site: $(PUBLISHES)      ## write _site/: notebooks executed, reference, the window; read from disk, _site/index.html
	OMP_NUM_THREADS=1 $(BIN)/python docs/make_site.py $(ARGS)

screenshots: $(DEVELOPS) ## make the README's pictures again
	$(BIN)/python tests/screenshots.py $(ARGS)

clean:           ## remove the virtual environment
	rm -rf $(VENV)
