# 证巡: every target sets itself up first; set-up is skipped while nothing it depends on has changed.
SHELL := /bin/bash
VENV := .venv
BIN := $(VENV)/bin

.PHONY: help setup demo test run lint bench lock manual manual-pictures bundle clean

help:
	@echo "make setup   安装到 .venv（其余目标会自动执行）"
	@echo "make demo    样例网站全过程演示，结果在 demo-output/"
	@echo "make test    全部测试"
	@echo "make run     启动状态页和调度器（数据目录 ./var）"
	@echo "make lint    代码检查"
	@echo "make bench   性能测量"
	@echo "make lock    重新锁定依赖版本"
	@echo "make manual  把 docs/ 做成手册网站，结果在 dist/manual/；控制台的“帮助”也用它"
	@echo "make bundle  打离线安装包（含手册），结果在 dist/"

setup:
	@scripts/setup.sh dev

demo:
	@scripts/setup.sh run
	@$(BIN)/zhengxun demo

test: setup
	@scripts/services.sh $(BIN)/python -m pytest -n 3 --dist worksteal

run:
	@scripts/setup.sh run
	@$(BIN)/zhengxun init
	@$(BIN)/zhengxun serve

lint: setup
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/lint-imports
	$(BIN)/mypy

bench: setup
	@for script in $$(grep -l '__main__' benchmarks/*.py); do echo "== $$script"; $(BIN)/python -P $$script || exit 1; done

# Index addresses must not stand in the repository (--no-emit-index-url); uv itself is only needed here.
lock:
	@scripts/lock.sh

manual: setup
	@scripts/manual.sh

# Draws the manual's pictures anew from the console as it is.
manual-pictures: setup
	@ZHENGXUN_MANUAL_PICTURES=docs/images/manual $(BIN)/python -m pytest -q tests/console/test_manual_pictures.py

bundle: setup
	@scripts/bundle.sh

clean:
	rm -rf $(VENV) demo-output dist console/manual .pytest_cache .mypy_cache .ruff_cache .import_linter_cache
