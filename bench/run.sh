#!/usr/bin/env bash
# Measures Plumb beside PyTorch and prints the table; arguments go to the program (see README.md).
set -euo pipefail
cd "$(dirname "$0")/.."
python=${PYTHON:-/usr/bin/python3}
if ! "$python" -c 'import torch' 2>/dev/null; then
	echo "bench: $python has no torch (Debian: apt-get install python3-torch libopenblas0); measuring Plumb alone" >&2
	python=
fi
exec go run ./bench -python "$python" "$@"
