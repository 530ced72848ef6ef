# `make demo` shows the server at work, `make test` runs every test; both install first.

VENV := .venv
PY := $(VENV)/bin/python
MODEL := qwen2.5-coder-0.5b

.PHONY: install model llama-server gpu demo test unit test-editors lint lint-lua format clean bench-quality bench-masked bench-typing bench-gpu bench-speculative bench-actions bench-moving bench-context

install: $(VENV)/.installed

$(VENV)/.installed: pyproject.toml
	python3 -m venv $(VENV)
	$(PY) -m pip install --quiet --upgrade pip
	@echo "Installing; llama.cpp is compiled the first time, which takes some minutes."
	$(PY) -m pip install --quiet --editable '.[dev]'
	@touch $@

model: install
	$(VENV)/bin/codellama-lsp models pull $(MODEL)

# llama-server and llama-bench of the llama.cpp that llama-cpp-python carries: what benchmarks and
# some tests compare with. Built once, in the user's cache folder.
llama-server: install
	$(PY) -m benchmarks.peer

# Compiles llama.cpp again, for the GPU that is seen or BACKEND=cuda, metal, rocm, vulkan.
gpu: install
	$(PY) -m lsp_server.doctor.build $(BACKEND)

demo: model
	$(PY) examples/demo.py

test: lint model
	$(PY) -m pytest -m "not editors"

unit: install
	$(PY) -m pytest tests/unit

# The editors that are missing are fetched into the user's cache folder; where a machine can't have
# one, its tests are skipped, and why stands in the summary.
test-editors: model
	CODELLAMA_TEST_INSTALL=1 $(PY) -m pytest tests/editors

# luacheck and StyLua over the Neovim plugin; `test-editors` does the same.
lint-lua: install
	$(PY) -m tests.editors.lua

bench-quality bench-masked bench-typing bench-speculative bench-actions bench-moving bench-context: bench-%: model
	$(PY) -m benchmarks.$*

bench-quality: bench-masked
bench-typing bench-speculative: llama-server

bench-gpu: llama-server
	$(PY) -m benchmarks.gpu

lint: install
	$(VENV)/bin/ruff check .
	$(VENV)/bin/ruff format --check .
	$(VENV)/bin/mypy
	$(VENV)/bin/mypy --platform win32 --cache-dir .mypy_cache/win32 -p lsp_server

format: install
	$(VENV)/bin/ruff check --fix .
	$(VENV)/bin/ruff format .

clean:
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .hypothesis

# A fleet of llama-servers behind nginx and HAProxy, as docs/scaling.md has it.
.PHONY: bench-scaling
bench-scaling: model llama-server
	$(PY) -m benchmarks.scaling
