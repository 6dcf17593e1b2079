# The commands of the project; the README says when to use which.
SHELL := /bin/bash
.DEFAULT_GOAL := help

PYTHON ?= python3
export ADV_HOME ?= $(CURDIR)/.adv
# Company networks often have certificates of their own; uv calls the switch by two names.
export UV_SYSTEM_CERTS ?= true
export UV_NATIVE_TLS ?= true
BIN := $(CURDIR)/.venv/bin
UV := $(CURDIR)/.venv-uv/bin/uv
STAMP := .venv/.installed

.PHONY: help install run test faults fuzz bench bench-full docs docs-serve ui cockpit superset lint format lock audit clean

help: ## Show this list
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 12

install: $(STAMP) ## Install everything from the lock into .venv

$(STAMP): requirements.lock pyproject.toml
	@command -v uv >/dev/null || test -x "$(UV)" || { \
	    $(PYTHON) -m venv .venv-uv && .venv-uv/bin/python -m pip install --quiet --disable-pip-version-check uv; }
	@PATH="$(CURDIR)/.venv-uv/bin:$$PATH"; set -e; \
	    test -x .venv/bin/python || uv venv --quiet --python $(PYTHON) .venv; \
	    uv pip sync --quiet --python .venv/bin/python --require-hashes --compile-bytecode requirements.lock; \
	    uv pip install --quiet --python .venv/bin/python --no-deps --no-build-isolation --editable .
	@touch $(STAMP)

run: install ## Create the demo company if there is none, and run the nightly refresh
	@"$(BIN)/adv" demo create
	@"$(BIN)/adv" run

test: install ## Run every test, a file to a process
	@"$(BIN)/pytest" --numprocesses 2 --dist loadfile

faults: install ## Kill, starve and damage runs, and tell whether the next one makes it good (TIMES=1)
	@"$(BIN)/python" -m tests.faults --times $(or $(TIMES),1)

fuzz: install ## Feed readers and configuration with input of any kind (CASES=10000 each)
	@ADV_FUZZ_CASES=$(or $(CASES),10000) "$(BIN)/pytest" -m fuzz --numprocesses 2 --dist load

bench: install ## Compare how PostgreSQL is read with others, validation and publication with the least, and ask the marts (ROWS=5000000)
	@PATH="$(CURDIR)/.venv-uv/bin:$$PATH" "$(BIN)/python" -m benchmarks.extract \
	    --folder "$(ADV_HOME)/benchmark" --rows $(or $(ROWS),5000000) --rivals
	@for what in validation publication questions; do "$(BIN)/python" -m benchmarks.$$what --home "$(ADV_HOME)"; done

bench-full: bench ## The same, and nights of all kinds, marts beside PostgreSQL, pandas and Spark, and dbt beside its own SQL
	@PATH="$(CURDIR)/.venv-uv/bin:$$PATH" "$(BIN)/python" -m benchmarks.marts \
	    --home "$(ADV_HOME)" --folder "$(ADV_HOME)/benchmark/marts"
	@"$(BIN)/python" -m benchmarks.models --home "$(ADV_HOME)"
	@"$(BIN)/python" -m benchmarks.nights --home "$(ADV_HOME)/benchmark/nights"

docs: install ## Write what of docs/ is made from declarations again, and build the site of the documentation into site/
	@"$(BIN)/python" -m orchestration.pages docs/kpi
	@"$(BIN)/python" -m orchestration.privacy docs/privacy.md
	@"$(BIN)/python" -m orchestration.connectors docs/connectors/tables.md
	@"$(BIN)/python" -m orchestration.published_columns docs/bi/columns.yml
	@"$(BIN)/python" -m orchestration.sources_reference docs/sources.md
	@# A manifest first: without a warehouse nothing is compiled, and without that dbt writes none.
	@cd dbt_project && for command in parse "docs generate --static --empty-catalog --no-compile"; do \
	    "$(BIN)/dbt" --quiet $$command --profiles-dir . --target-path target/docs --log-path target || exit; done
	@NO_MKDOCS_2_WARNING=1 "$(BIN)/mkdocs" --quiet build

docs-serve: install ## After make docs: the site on loopback (http://127.0.0.1:8000), built again whenever a page of docs/ changes
	@NO_MKDOCS_2_WARNING=1 "$(BIN)/mkdocs" serve

ui: install ## Dagster's UI and daemon on loopback, with the nightly schedule on
	@"$(BIN)/adv" ui

cockpit: install ## The cockpit on loopback: pages over what is published (PORT=8600)
	@"$(BIN)/adv" cockpit --port $(or $(PORT),8600)

superset: install ## Superset on loopback with two dashboards on what is published (SUPERSET_ADMIN_PASSWORD=…)
	@"$(BIN)/python" -m dashboards.superset load
	@"$(BIN)/python" -m dashboards.superset serve

lint: install ## ruff, mypy, sqlfluff and a compilation for Spark
	@"$(BIN)/ruff" check . && "$(BIN)/ruff" format --check .
	@"$(BIN)/mypy"
	@"$(BIN)/sqlfluff" lint --processes 0 dbt_project/models
	@# Python models have no SQL, and their compilation asks the server for its relations.
	@cd dbt_project && "$(BIN)/dbt" --quiet compile --target spark --no-introspect --no-populate-cache \
	    --exclude "path:models/**/*.py" --profiles-dir . --target-path target/spark --log-path target

format: install ## Format the code
	@"$(BIN)/ruff" format . && "$(BIN)/ruff" check --fix .

lock: ## Resolve the dependencies again
	@PATH="$(CURDIR)/.venv-uv/bin:$$PATH"; uv pip compile pyproject.toml --extra cockpit --extra dev --extra docs --extra metrics --extra odbc --extra postgres --extra spark --extra storage --universal --generate-hashes \
	    --no-emit-index-url --no-header --python-version 3.11 --quiet --output-file requirements.lock
	@PATH="$(CURDIR)/.venv-uv/bin:$$PATH"; uv pip compile dashboards/superset/requirements.in --universal --generate-hashes \
	    --no-emit-index-url --no-header --python-version 3.11 --quiet --output-file dashboards/superset/requirements.lock

audit: ## Ask the public database of vulnerabilities about every package of the lock
	@PATH="$(CURDIR)/.venv-uv/bin:$$PATH"; uvx pip-audit --strict --require-hashes --disable-pip \
	    --requirement requirements.lock
	@PATH="$(CURDIR)/.venv-uv/bin:$$PATH"; uvx pip-audit --strict --require-hashes --disable-pip \
	    --requirement dashboards/superset/requirements.lock

clean: ## Remove the installation and all state
	@rm -rf .venv .venv-uv .adv .superset site
