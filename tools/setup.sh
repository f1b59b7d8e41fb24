#!/bin/bash
# Makes the virtual environment and what the tests use of the system: bash tools/setup.sh PYTHON VENV
set -euo pipefail
python=${1:?python} venv=${2:?venv}

"$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || {
  echo "Jettison needs Python 3.11 or newer; '$python' is not. Set PYTHON=/path/to/python3." >&2
  exit 1
}
if ! "$python" -c 'import ensurepip, venv' 2>/dev/null; then
  if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
    apt-get update -qq && apt-get install -y -qq --no-install-recommends python3-venv >/dev/null
  else
    echo "Python's venv module is missing: sudo apt-get install python3-venv" >&2
    exit 1
  fi
fi
# strace records what workloads ask for; tests of that are skipped without it.
if ! command -v strace >/dev/null && [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
  { apt-get update -qq && apt-get install -y -qq --no-install-recommends strace >/dev/null; } || echo "strace could not be installed" >&2
fi
[ -x "$venv/bin/python" ] || "$python" -m venv "$venv"
"$venv/bin/python" -m pip install -q --disable-pip-version-check --upgrade 'pip>=25.1' 2>&1 | { grep -v 'is ignored: it is neither' || true; }
"$venv/bin/python" -m pip install -q --disable-pip-version-check --group dev -e '.[compose,completion]' 2>&1 | { grep -v 'is ignored: it is neither' || true; }
# Coverage-guided fuzzing where a wheel of atheris exists for this Python; elsewhere fuzz/run.py mutates by itself.
"$venv/bin/python" -m pip install -q --disable-pip-version-check --only-binary :all: atheris 2>/dev/null || true
