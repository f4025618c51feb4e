# make report: set up and build the demo. make test, make check: the same for the suite and for
# lint, types and import layers. The set-up runs once, and again when the versions change.
PYTHON ?= python3
BIN := .venv/bin
READY := .venv/.ready

.PHONY: report test lint check weights bench stale soak class tour compare clean

report: $(READY)
	$(BIN)/report build demo

test: $(READY)
	$(BIN)/pytest --numprocesses auto --maxprocesses 4 --dist loadfile

lint: $(READY)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

check: lint test

weights: $(READY)  # makes data/compact-alexnet.safetensors anew
	$(BIN)/report run pretrain --report pretraining
	$(BIN)/report export pretrain data/compact-alexnet.safetensors --report pretraining --half

bench: $(READY)  # measures pages and training, an hour; docs/benchmarks.md
	$(BIN)/python tests/benchmarks/pages.py --write
	$(BIN)/python tests/benchmarks/training.py --write

stale: $(READY)  # nine edits of twelve runs, here and in other engines, half an hour; docs/benchmarks.md
	$(BIN)/python tests/benchmarks/stale.py --write

soak: $(READY)  # kills fifty builds at random moments and looks at what is left, a few minutes
	$(BIN)/python -m tests.soak

class: $(READY)  # builds, bundles and verifies the reports of 200 students, half an hour; docs/benchmarks.md
	$(BIN)/python tests/benchmarks/students.py --write

tour: $(READY)  # types the commands of README's tour and writes down what they print
	$(BIN)/python docs/tour.py --write

compare: $(READY)  # sets one page by Typst and by us; docs/compare/README.md
	$(BIN)/pip install --quiet --disable-pip-version-check --constraint constraints.txt --editable '.[test,compare]'
	$(BIN)/python docs/compare/make.py

clean:  # results stay
	rm -rf .venv
	test ! -d build || find build -mindepth 1 -maxdepth 1 ! -name store -exec rm -rf {} +

$(READY): pyproject.toml constraints.txt
	$(PYTHON) -m venv .venv
	$(BIN)/pip install --quiet --disable-pip-version-check --constraint constraints.txt --editable '.[test,check]'
	touch $@
