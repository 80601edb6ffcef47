#!/usr/bin/env bash
# Measures the semidefinite solver beside CSDP, SDPA, DSDP and CVXOPT; arguments go to the program (see README.md).
set -euo pipefail
cd "$(dirname "$0")/.."
: "${PLUMB_DATA:?set PLUMB_DATA to the folder that has lmi/}"
python=${PYTHON:-/usr/bin/python3}
peers=
for p in csdp sdpa; do command -v "$p" >/dev/null && peers+="$p,"; done
command -v dsdp5 >/dev/null && peers+="dsdp,"
"$python" -c 'import cvxopt' 2>/dev/null && peers+="cvxopt,"
[ -n "$peers" ] || echo "bench: no peer found (Debian: apt-get install coinor-csdp sdpa dsdp python3-cvxopt); measuring Plumb alone" >&2
folders=$PLUMB_DATA/lmi
if "$python" -c 'import numpy, scipy' 2>/dev/null && [ -f "$PLUMB_DATA/lmi/gen.py" ]; then
	larger=$(mktemp -d)
	trap 'rm -rf "$larger"' EXIT
	"$python" bench/lmi/larger.py "$PLUMB_DATA/lmi/gen.py" "$larger"
	folders+=,$larger
fi
go run ./bench/lmi -data "$folders" -peers "${peers%,}" -python "$python" "$@"
