#!/bin/sh
# Refresh requirements.lock: one file for Linux and macOS, Python 3.11 to 3.13, pip and uv.
# The registry's own name stays out of it, so it installs from any mirror.
set -eu

venv=${VENV:-.venv}
if ! command -v uv >/dev/null 2>&1; then
    "$venv/bin/python" -m venv "$venv/lock"
    "$venv/lock/bin/python" -m pip install --quiet --disable-pip-version-check uv
    PATH="$venv/lock/bin:$PATH"
fi
uv pip compile pyproject.toml --group dev --universal --python-version 3.11 --upgrade \
    --generate-hashes --no-emit-index-url --custom-compile-command "make lock" --quiet \
    --output-file requirements.lock
