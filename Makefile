# Supportdesk. `make` alone tells what there is.
.DEFAULT_GOAL := help
.PHONY: help run serve manage test check lint format lock bench bench-peer clean
PYTHON_HERE := .venv/bin/python
# `make check k=pickup` or `make check t=tests/policies`
PYTEST = $(PYTHON_HERE) -m pytest -n $(or $(WORKERS),2)

help: ## this list
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## /  make \1\t/' | expand -t 18

run: ## the demo: everything, on this machine, with a month of orders (PORT=8000)
	@.ci/venv embedded && exec $(PYTHON_HERE) -m supportdesk.supervisor run

serve: ## a real desk on one machine (PORT, HOST, BASE_URL, ALLOWED_HOSTS, EMAIL_URL, DATA_DIR)
	@.ci/venv embedded && exec $(PYTHON_HERE) -m supportdesk.supervisor serve

manage: ## a management command for the desk of `make serve`: make manage do="import_orders …"
	@.ci/venv embedded && exec $(PYTHON_HERE) -m supportdesk.supervisor manage $(do)

test: ## lint, types, arrows, and every test, the browser's too
	@.ci/venv dev
	@.ci/browser
	@$(MAKE) --no-print-directory lint
	@$(PYTEST)

check: ## only some tests: make check t=tests/policies k=pickup
	@.ci/venv dev
	@$(PYTEST) $(t) $(if $(k),-k '$(k)')

# mypy's Django plugin loads the settings: it needs their shape, and starts nothing for it.
LINT = DEBUG=1 DATABASE_URL=postgres://lint@localhost/lint REDIS_URL=redis://localhost/0
lint: ## ruff, mypy, the arrows of the house
	@.ci/venv dev
	.venv/bin/ruff check .
	.venv/bin/ruff format --check .
	$(LINT) .venv/bin/mypy
	$(LINT) .venv/bin/lint-imports

format: ## ruff's order and format
	@.ci/venv dev
	.venv/bin/ruff check --fix .
	.venv/bin/ruff format .

UV_LOCK = .venv/bin/uv pip compile pyproject.toml --universal --python-version 3.11 --upgrade \
	--generate-hashes --no-emit-index-url --custom-compile-command "make lock" --quiet
lock: ## renew the locked dependencies
	@.ci/venv dev
	$(UV_LOCK) --output-file requirements.lock
	$(UV_LOCK) --extra embedded --output-file requirements-embedded.lock
	$(UV_LOCK) --extra embedded --extra dev --output-file requirements-dev.lock

bench: ## the figures of docs/performance.md, as ratios in one run
	@.ci/venv dev
	@$(PYTHON_HERE) -m tests.bench

bench-peer: ## the desk beside django-helpdesk, which is installed from the package index for it
	@.ci/venv dev
	@$(PYTHON_HERE) -m tests.bench peer

clean: ## everything that can be made again; the data in .data and .data-shop stays
	rm -rf .venv staticfiles .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
