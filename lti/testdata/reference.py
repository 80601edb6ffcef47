# Writes reference.json: reference values from scipy (LAPACK, QZ and other methods than ours). Run: python3 reference.py (numpy 1.24, scipy 1.10) > reference.json
import json
import numpy as np
import scipy
from scipy import linalg as la, signal as sg

rng = np.random.default_rng(20)
out = {"scipy": scipy.__version__, "are": [], "lyap": [], "c2d": [], "zpk": [], "lsim": [], "place": []}
L = lambda a: np.asarray(a, float).tolist()
C = lambda z: [[float(v.real), float(v.imag)] for v in np.asarray(z, complex)]

for n, m in [(1, 1), (2, 1), (3, 2), (6, 2), (10, 3)]:
    A, B = rng.normal(size=(n, n)) / np.sqrt(n), rng.normal(size=(n, m))
    Q = rng.normal(size=(n, n)); Q = Q @ Q.T
    R = rng.normal(size=(m, m)); R = R @ R.T + np.eye(m)
    S = 0.1 * rng.normal(size=(n, m))
    Q = Q + S @ la.solve(R, S.T)
    out["are"].append(dict(A=L(A), B=L(B), Q=L(Q), R=L(R), S=L(S),
        care=L(la.solve_continuous_are(A, B, Q, R, s=S)), dare=L(la.solve_discrete_are(A, B, Q, R, s=S))))
    Cm = rng.normal(size=(n, m)); Bq = rng.normal(size=(m, m))
    out["lyap"].append(dict(A=L(A), Q=L(Q), B=L(Bq), C=L(Cm),
        lyap=L(la.solve_continuous_lyapunov(A, -Q)), dlyap=L(la.solve_discrete_lyapunov(A, Q)),
        sylv=L(la.solve_sylvester(A, Bq, -Cm))))
    Cc, D = rng.normal(size=(m, n)), rng.normal(size=(m, m))
    ts = 0.1
    zoh = sg.cont2discrete((A, B, Cc, D), ts, "zoh"); tus = sg.cont2discrete((A, B, Cc, D), ts, "bilinear")
    z = np.exp(0.7j)
    ev = lambda s, z: s[2] @ la.solve(z * np.eye(n) - s[0], s[1]) + s[3]
    v = ev(tus, z)
    out["c2d"].append(dict(A=L(A), B=L(B), C=L(Cc), D=L(D), Ts=ts, Ad=L(zoh[0]), Bd=L(zoh[1]),
        z=[z.real, z.imag], tustin_re=L(v.real), tustin_im=L(v.imag)))
    t = np.arange(0, 2, 0.1); u = np.sin(1.3 * t)[:, None] * np.ones((1, m))
    x0 = rng.normal(size=n)
    As = A - 1.5 * np.eye(n)
    _, y, _ = sg.lsim((As, B, Cc, D), u, t, X0=x0, interp=True)
    _, yh, _ = sg.lsim((As, B, Cc, D), u, t, X0=x0, interp=False)
    out["lsim"].append(dict(A=L(As), B=L(B), C=L(Cc), D=L(D), t=L(t), u=L(u), x0=L(x0), linear=L(np.reshape(y, (len(t), m))), held=L(np.reshape(yh, (len(t), m)))))
for n, nz in [(1, 0), (2, 1), (3, 3), (5, 2), (8, 7)]:
    num, den = rng.normal(size=nz + 1), np.poly(rng.normal(size=n) - 1)
    z, p, k = sg.tf2zpk(num, den)
    out["zpk"].append(dict(num=L(num), den=L(den), z=C(z), p=C(p), k=float(k)))
for n, m in [(2, 1), (4, 2), (6, 2), (7, 3)]:
    A, B = rng.normal(size=(n, n)), rng.normal(size=(n, m))
    p = [-1 - 0.5 * i for i in range(n % 2)]
    for i in range(n // 2):
        p += [-2 - i + 1j * (1 + i), -2 - i - 1j * (1 + i)]
    r = sg.place_poles(A, B, np.array(p), method="YT" if m > 1 else "YT") if m > 1 else None
    K = r.gain_matrix if r else sg.place_poles(A, B, np.array(p)).gain_matrix
    w, V = la.eig(A - B @ K)
    out["place"].append(dict(A=L(A), B=L(B), p=C(p), K=L(K), cond=float(np.linalg.cond(V))))
print(json.dumps(out))
