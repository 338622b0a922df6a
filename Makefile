# make run    演示:127.0.0.1:$PORT(8000)   the demo
# make tour   另开一个终端,走完一期          a whole session against the running demo
# make test   全部测试,两种数据库            all tests on SQLite and PostgreSQL
# make quick  改动最近的检查和测试,一分钟     nearest checks and tests, a minute, SQLite (AT=works)
# make bench  列表和投票的快慢与规模          speed of lists and of voting (ARGS=--quick: minutes)
# make profile 一次投票的时间花在哪里         a cast by statement and by microsecond
# make torture 争抢与崩溃,全部数字            races and crashes at full size
# make lint   检查                          style, types, import order
# make drill-environment 索引变了、pip 很旧,照锁定文件安装   an index that moved on, old pips
# make lock   由 pyproject.toml 重算锁定文件  both locks anew

PYTHON ?= python3
VENV_PYTHON := .venv/bin/python
.PHONY: run tour test quick bench profile torture lint lock runtime dev browser drill-environment proxies
# Without compiled files each worker and each server that a test starts would compile everything anew.
export PYTHONDONTWRITEBYTECODE :=

run: runtime
	@exec $(VENV_PYTHON) -m tests.demo --stop-with-parent

tour: runtime
	@$(VENV_PYTHON) -m tests.demo.tour

test: dev browser proxies
	$(VENV_PYTHON) -m pytest -n 2 --dist worksteal $(ARGS)

quick: dev
	@$(VENV_PYTHON) tools/quick.py $(AT)

bench: dev
	@status=0; $(VENV_PYTHON) -m bench lists || status=1; \
	$(VENV_PYTHON) -m bench voting $(ARGS) || status=1; exit $$status

profile: dev
	@$(VENV_PYTHON) -m bench profile $(ARGS)

torture: dev
	@$(VENV_PYTHON) -m torture $(ARGS)

lint: dev
	$(VENV_PYTHON) -m ruff check
	$(VENV_PYTHON) -m ruff format --check
	$(VENV_PYTHON) -m mypy
	.venv/bin/lint-imports

drill-environment: dev
	$(VENV_PYTHON) tools/drill_environment.py

lock:
	@set -e; folder=$$(mktemp -d); trap 'rm -r "$$folder"' EXIT; \
	$(PYTHON) -m venv "$$folder"; "$$folder/bin/python" -m pip install --quiet uv; \
	lock="$$folder/bin/uv pip compile --quiet --no-header --generate-hashes --universal \
		--python-version 3.11 pyproject.toml"; \
	$$lock --output-file requirements.txt; \
	$$lock --output-file requirements-dev.txt --extra dev

runtime dev:
	@$(PYTHON) tools/environment.py $@

proxies:
	@$(PYTHON) tools/proxies.py

browser:
	@$(PYTHON) tools/browser.py
