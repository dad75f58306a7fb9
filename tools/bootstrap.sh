#!/bin/sh
# Make a virtual environment ready to work in this checkout: what requirements.lock pins, with its
# hashes, and the package itself, editable. The Makefile calls it when pyproject.toml or the lock
# has changed. Needs a Python >= 3.11 and a package registry; uses uv when it is there.
#
#   VENV=.venv       where to make it
#   PYTHON=python3   which Python to make it with, instead of looking for one
set -eu

venv=${VENV:-.venv}
lock=requirements.lock
oldest="3.11"

say() { echo "bootstrap: $*" >&2; }

# A name on PATH proves little (a shim may point nowhere), so each candidate is run.
is_new_enough() {
    "$1" -c 'import sys; sys.exit(sys.version_info[:2] < (3, 11))' >/dev/null 2>&1
}

version() {
    "$1" -c 'import sys; print("%d.%d" % sys.version_info[:2])' 2>/dev/null || echo none
}

find_python() {
    if [ -n "${PYTHON:-}" ]; then
        is_new_enough "$PYTHON" && { echo "$PYTHON"; return; }
        say "PYTHON=$PYTHON does not run, or is older than $oldest"
        exit 1
    fi
    for candidate in python3.13 python3.12 python3.11 python3 python; do
        is_new_enough "$candidate" && { echo "$candidate"; return; }
    done
    say "no Python >= $oldest found on PATH (tried python3.13, 3.12, 3.11, python3, python)."
    say "Install one (Debian, Ubuntu: apt-get install python3 python3-venv; macOS: brew install"
    say "python@3.13), or name one: make test PYTHON=/path/to/python3"
    exit 1
}

with_uv() {
    uv venv --quiet --allow-existing --no-project --python "$python" "$venv" &&
        uv pip sync --quiet --require-hashes --python "$venv/bin/python" "$lock" &&
        uv pip install --quiet --no-deps --no-build-isolation --python "$venv/bin/python" -e .
}

with_pip() {
    if ! "$python" -c 'import ensurepip' >/dev/null 2>&1; then
        say "$python cannot make virtual environments: its ensurepip is missing."
        say "Debian, Ubuntu: apt-get install python$(version "$python")-venv (or python3-venv)"
        return 1
    fi
    "$python" -m venv "$venv" &&
        "$venv/bin/python" -m pip install --quiet --disable-pip-version-check \
            --require-hashes -r "$lock" &&
        "$venv/bin/python" -m pip install --quiet --disable-pip-version-check \
            --no-deps --no-build-isolation -e .
}

python=$(find_python)
say "making $venv with $("$python" --version) ($python)"
if [ -e "$venv" ] && [ "$(version "$venv/bin/python")" != "$(version "$python")" ]; then
    say "$venv was made with another Python, or is broken: starting afresh"
    rm -rf "$venv"
fi

if command -v uv >/dev/null 2>&1; then
    with_uv || { say "uv could not (above): trying pip"; with_pip; }
else
    with_pip
fi
