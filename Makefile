# Two commands: `make demo` and `make test`. Both make .venv first.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed
RUN := $(BIN)/dekomp-sim run scenarios/l4l5_left_posterolateral.yaml -o out/demo --overwrite
# tests side by side: a process for each core, at most 4, for each takes 2 to 3 GiB; JOBS=1 is one process alone
JOBS ?= auto
SIDE_BY_SIDE := $(if $(filter 1,$(JOBS)),,-n $(JOBS) --maxprocesses 4 --dist loadfile)
SCENES := scenarios/reaction_root_contact.yaml scenarios/complication_device_fracture.yaml

.DEFAULT_GOAL := help
.PHONY: help demo test lint types unit notebooks scenarios regress bench-short bench soak gallery fuzz clean

help: ## Show the targets
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 20

$(STAMP): pyproject.toml
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --upgrade pip
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -e '.[dev,viewer,film,sweep]'
	@touch $@

demo: $(STAMP) ## Play the whole case on the built-in patient and say where the report is
	$(RUN)

test: lint types unit notebooks scenarios regress bench-short ## Everything CI runs

lint: $(STAMP) ## ruff: style and format
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: $(STAMP) ## mypy --strict on src and tests
	$(BIN)/mypy

unit: $(STAMP) ## Truth, laws, stories and doctests, side by side (JOBS=1: one after the other)
	$(BIN)/pytest $(SIDE_BY_SIDE)

notebooks: $(STAMP) ## Execute the notebooks from top to bottom
	$(BIN)/python tests/run_notebooks.py notebooks/*.ipynb

scenarios: $(STAMP) ## Play every scenario
	$(BIN)/python tests/play_scenarios.py scenarios/*.yaml

regress: $(STAMP) ## State and pictures of two scenarios against their baselines
	@mkdir -p out
	$(BIN)/dekomp-sim regress $(SCENES) --baselines tests/baselines --page out/regress.html --any-platform

bench-short: $(STAMP) ## A short benchmark that only prints
	$(BIN)/python benchmarks/spine.py --short
	$(BIN)/python benchmarks/actions.py --short

bench: $(STAMP) ## The full benchmark, side by side with RTK
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -e '.[bench]'
	$(BIN)/python benchmarks/spine.py
	$(BIN)/python benchmarks/actions.py
	$(BIN)/python benchmarks/xray.py
	$(BIN)/python benchmarks/ct.py

soak: $(STAMP) ## Whether the page's memory stays flat over an hour's pictures (half an hour), and an import's below 3 GiB
	$(BIN)/python benchmarks/soak.py
	$(BIN)/python benchmarks/import_memory.py

gallery: demo ## Renew README's pictures from the demo and from the page in a browser
	cp out/demo/overview.png docs/gallery/demo.png
	cp out/demo/scene_close-up.png docs/gallery/scene.png
	$(BIN)/python benchmarks/page_gallery.py

fuzz: $(STAMP) ## The laws again with new random examples, ten seeds
	for seed in 1 2 3 4 5 6 7 8 9 10; do \
		HYPOTHESIS_PROFILE=fuzz $(BIN)/pytest $(SIDE_BY_SIDE) tests/laws --hypothesis-seed=$$seed || exit 1; done

clean: ## Remove the environment and everything made
	rm -rf $(VENV) out
