"""Writes the binary files of this folder with NumPy 1.24 and SciPy 1.10 (independent writers of the formats).

Every file holds sequences that the tests state by formula: u(k) = k/8, y(k) = -k**2, times k*0.25.
"""
import numpy as np
from scipy import io, sparse

N = 20
k = np.arange(N, dtype=float)
u, y, t = k / 8, -k**2, 0.25 * k

io.savemat("plain.mat", {"t": t, "u": u.reshape(-1, 1), "y": y.reshape(1, -1), "count": np.arange(N, dtype=np.int16),
                         "on": k % 2 == 0, "single": u.astype(np.float32), "gain": 3.0, "remark": "two tanks", "none": np.zeros((0, 0))})
io.savemat("iddata.mat", {"z": {"u": np.column_stack([u, u + 1]), "y": y.reshape(-1, 1), "Ts": 0.25, "InputName": "valve"}}, do_compression=True)


def cell(parts):
    out = np.empty((1, len(parts)), dtype=object)
    for i, p in enumerate(parts):
        out[0, i] = p.reshape(-1, 1)
    return out


io.savemat("cells.mat", {"u": cell([u, u[:15], u[:10] + 2]), "y": cell([y, y[:15], y[:10] - 2]), "Ts": 0.5}, do_compression=True)
runs = np.zeros((1, 3), dtype=[("u", object), ("y", object)])
for i, n in enumerate([20, 15, 10]):
    runs[0, i]["u"], runs[0, i]["y"] = u[:n], y[:n]
io.savemat("structs.mat", {"run": runs, "fs": 4.0})
io.savemat("cube.mat", {"a": np.arange(24.0).reshape(2, 3, 4)})
io.savemat("sparse.mat", {"s": sparse.eye(4).tocsc()})
io.savemat("complex.mat", {"h": u + 1j * y})
io.savemat("lengths.mat", {"u": u, "y": y[:-1]})

np.savez_compressed("record.npz", t=t, u=np.column_stack([u, u + 1]), y=y, Ts=np.float64(0.25))
np.savez("types.npz", f8=u, f4=np.asfortranarray(np.arange(6).reshape(2, 3).astype(">f4")), f2=np.array([0.5, -65504, 2.0**-24, np.inf, -np.inf, np.nan, -0.0, 0.333251953125], dtype="<f2"),
         i8=np.array([-(2**40), 2**53]), i4=np.array([-(2**31), 2**31 - 1], dtype=">i4"), i2=np.array([-32768, 32767], dtype=np.int16),
         i1=np.array([-128, 127], dtype=np.int8), u8=np.array([0, 2**63], dtype=np.uint64), u4=np.array([0, 2**32 - 1], dtype=np.uint32),
         u2=np.array([0, 65535], dtype=">u2"), u1=np.array([0, 255], dtype=np.uint8), b1=np.array([True, False]),
         cube=np.asfortranarray(np.arange(24.0).reshape(2, 3, 4)))
np.save("matrix.npy", np.column_stack([u, y]))
with open("version2.npy", "wb") as f:
    np.lib.format.write_array(f, u, version=(2, 0))
with open("version3.npy", "wb") as f:
    np.lib.format.write_array(f, u, version=(3, 0))
np.save("text.npy", np.array(["a", "bc"]))
np.save("records.npy", np.zeros(3, dtype=[("t", "f8"), ("u", "f8")]))
np.save("phasors.npy", u + 1j * y)
