# Career Ladder Builder. Every target does its own set-up; `make help` lists them.
SHELL := /bin/sh
BIN := .venv/bin
MEMBERS := $(wildcard libs/*/pyproject.toml services/*/pyproject.toml deploy/embedded/pyproject.toml)

.DEFAULT_GOAL := help
.PHONY: run test check bench events faults simulate clean help lock

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  make %-8s %s\n", $$1, $$2 }' Makefile

.venv/.set-up: requirements.lock pyproject.toml tools/setup $(MEMBERS)
	@tools/setup

run: .venv/.set-up ## start the whole system on this machine (Ctrl-C stops it; the data stays in .ladder/)
	@$(BIN)/ladder up --demo

test: .venv/.set-up ## run every test
	@echo "── Tests (some minutes; PostgreSQL is started by the tests themselves)"
	@$(BIN)/pytest

check: .venv/.set-up ## lint, strict types, boundaries, dependencies
	@mkdir -p build
	@echo "── ruff" && $(BIN)/ruff check .
	@echo "── basedpyright (strict; about a minute)" && $(BIN)/basedpyright
	@echo "── import-linter" && $(BIN)/lint-imports --no-cache --show-timings > build/imports.txt || { cat build/imports.txt; exit 1; }
	@echo "── deptry, member by member" && tools/dependencies
	@echo "── sizes (printed, not policed)" && $(BIN)/python tools/sizes.py
	@echo "make check: all green."

bench: .venv/.set-up ## measure what the design aims at (some minutes, on a machine that does nothing else)
	@$(BIN)/python tests/bench/run.py

faults: .venv/.set-up ## break real parts at random, and what lies between services; write docs/faults.md (ROUNDS=, SEED=, ONLY=, TIMES=, FAULT=)
	@cd tests; status=0; \
	../$(BIN)/python -m faults.rounds $(if $(ROUNDS),--rounds $(ROUNDS)) $(if $(SEED),--seed $(SEED)) $(if $(ONLY),--only $(ONLY)) || status=$$?; \
	$(if $(ONLY),,../$(BIN)/python -m faults.over_kafka.rounds $(if $(SEED),--seed $(SEED)) $(if $(TIMES),--times $(TIMES)) $(if $(FAULT),--only "$(FAULT)") || status=$$?;) \
	exit $$status

simulate: .venv/.set-up ## play 1,000 seeded schedules, or one again (COUNT=, SEED=, PLAY=); TABLE=1 writes docs/simulation.md
	@cd tests && ../$(BIN)/python -m simulation.rounds $(if $(COUNT),--count $(COUNT)) $(if $(SEED),--seed $(SEED)) $(if $(PLAY),--play $(PLAY)) $(if $(TABLE),--table)

events: .venv/.set-up ## write docs/events.md and the schemas of the published events anew
	@$(BIN)/python tools/events.py

lock: .venv/.set-up ## write requirements.lock anew (UPGRADE=1 takes newer releases)
	@tools/lock $(if $(UPGRADE),--upgrade)

clean: ## remove .venv, build/ and caches; never data (.ladder/ stays)
	@rm -rf .venv build .pytest_cache .ruff_cache .import_linter_cache .hypothesis
	@find . -name __pycache__ -type d -prune -exec rm -rf {} +
