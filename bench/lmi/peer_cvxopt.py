"""Solves a .dat-s file, with a .quad file if given, by CVXOPT and prints CPU milliseconds and the objective."""
import sys
import time

import numpy as np
from cvxopt import matrix, solvers, spmatrix


def read(path):
    lines = [l for l in open(path) if l.strip() and l[0] not in '"*']
    m, sizes = int(lines[0].split()[0]), [int(w) for w in lines[2].split()]
    c = np.array([float(w) for w in lines[3].split()][:m])
    elements = np.array([[float(w) for w in l.split()] for l in lines[4:]])
    return m, sizes, c, elements


def main(path, quad):
    m, sizes, c, elements = read(path)
    lin = [k for k, n in enumerate(sizes) if n < 0]
    psd = [k for k, n in enumerate(sizes) if n > 0]
    start, at = {}, 0
    for k in lin:
        start[k], at = at, at - sizes[k]
    for k in psd:
        start[k], at = at, at + sizes[k] ** 2
    rows, cols, vals, h = [], [], [], np.zeros(at)
    for i, k, r, s, v in elements:
        i, k, r, s = int(i), int(k) - 1, int(r) - 1, int(s) - 1
        places = [start[k] + r] if k in lin else sorted({start[k] + r * sizes[k] + s, start[k] + s * sizes[k] + r})
        for p in places:  # sum F_i x_i - F_0 = s >= 0: G = -F, h = -F_0
            if i == 0:
                h[p] -= v
            else:
                rows.append(p), cols.append(i - 1), vals.append(-v)
    g = spmatrix(vals, rows, cols, (at, m))
    dims = {"l": -sum(sizes[k] for k in lin), "q": [], "s": [sizes[k] for k in psd]}
    solvers.options["show_progress"] = False
    if quad:
        w, z = np.loadtxt(quad).T
        p, q, offset = spmatrix(w, range(m), range(m)), matrix(c - w * z), 0.5 * (w * z * z).sum()
        begin = time.process_time()
        sol = solvers.coneqp(p, q, g, matrix(h), dims)
    else:
        offset = 0.0
        begin = time.process_time()
        sol = solvers.conelp(matrix(c), g, matrix(h), dims)
    took = time.process_time() - begin
    if sol["status"] != "optimal":
        sys.exit(f"status {sol['status']}")
    print("ms", 1e3 * took)
    print("objective", sol["primal objective"] + offset)


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2] if len(sys.argv) > 2 else "")
