#!/usr/bin/python3
"""Second opinion on the scores of a .plumb model, written from docs/bundle.md alone (Python 3 and numpy).

    bench/rescore.py MODEL.plumb BENCHMARK --data DIR [--against RUN.json]

reads the bundle and the benchmark's files, simulates every member in free simulation from the encoder's initial state
and prints RMSE, FIT and NRMSE of the official test parts in the units of the bundle. Measured outputs outside the
initialisation window are NaN before the model sees them. --against compares with what `plumb identify --json` printed
and exits 1 unless every figure agrees to ten digits.
"""

import argparse
import csv
import hashlib
import json
import os
import struct
import sys
import zipfile

import numpy as np

ENTRIES = ["manifest.json", "weights.safetensors", "certificate.json", "card.md"]
AGREE = 1e-10  # relative; tanh differs by ulps between the two programs and contraction keeps such errors small


def need(ok, what):
    if not ok:
        sys.exit("rescore: " + what)


# Bundle ---------------------------------------------------------------------------------------------------------------


def read_bundle(path):
    """Returns the manifest and the tensors by name."""
    with zipfile.ZipFile(path) as z:
        names = z.namelist()
        need(names in (ENTRIES, [e for e in ENTRIES if e != "certificate.json"]), f"entries are {names}")
        manifest = json.loads(z.read("manifest.json"))
        blob = z.read("weights.safetensors")
        if "certificate.json" in names:
            sealed = json.loads(z.read("certificate.json"))["weights_sha256"]
            need(sealed == manifest["weights_sha256"], "certificate and manifest name different weights")
    need(manifest["format"] == "plumb/1", f"format is {manifest['format']}")
    need(hashlib.sha256(blob).hexdigest() == manifest["weights_sha256"], "hash of the weights differs")
    return manifest, read_safetensors(blob)


def read_safetensors(blob):
    (size,) = struct.unpack("<Q", blob[:8])
    header, data = json.loads(blob[8 : 8 + size]), blob[8 + size :]
    tensors, end = {}, 0
    for name, t in header.items():
        start, stop = t["data_offsets"]
        need(start == end, f"gap before tensor {name}")
        end = stop
        dtype = {"F64": "<f8", "F32": "<f4"}[t["dtype"]]
        tensors[name] = np.frombuffer(data[start:stop], dtype).reshape(t["shape"]).astype(np.float64)
        need(np.isfinite(tensors[name]).all(), f"tensor {name} is not finite")
    need(end == len(data), "bytes after the last tensor")
    return tensors


class Tensors:
    """Hands out tensors of one prefix, checks shapes, remembers what was read."""

    def __init__(self, tensors, prefix, used):
        self.tensors, self.prefix, self.used = tensors, prefix, used

    def __call__(self, name, *shape):
        full = self.prefix + name
        need(full in self.tensors, f"no tensor {full}")
        t = self.tensors[full]
        need(t.shape == shape, f"tensor {full} has shape {t.shape}, expected {shape}")
        self.used.add(full)
        return t

    def rows(self, name):
        return self.tensors[self.prefix + name].shape[0]


# Members: simulate(x0, u) with u of shape (steps, m) returns (steps, p) in scaled signals ---------------------------------


def lure(get, spec, m, p):
    n, q, layers = spec["states"], spec["hidden"], spec["layers"]
    A, B1, B2, bx = get("A", n, n), get("B1", n, q), get("B2", n, m), get("bx", n)
    C1, D12, bv = get("C1", q, n), get("D12", q, m), get("bv", q)
    Cx, Cw, D22, by = get("Cx", p, n), get("Cw", p, q), get("D22", p, m), get("by", p)
    g = []
    for k in range(layers):
        h = get.rows(f"g{k}.b")
        g.append((get(f"g{k}.Win", h, q), get(f"g{k}.b", h), get(f"g{k}.Wout", q, h)))

    def nonlinearity(v):
        if not g:
            return np.tanh(v)
        for Win, b, Wout in g:
            v = Wout @ np.tanh(Win @ v + b)
        return v

    def simulate(x, u):
        y = u @ D22.T + by
        pre, drive = u @ D12.T + bv, u @ B2.T + bx
        for k in range(len(u)):
            w = nonlinearity(C1 @ x + pre[k])
            y[k] += Cx @ x + Cw @ w
            x = A @ x + B1 @ w + drive[k]
        return y

    return n, simulate


def gated(get, spec, m, p):
    n, q, h = spec["states"], spec["hidden"], spec["gate"]
    A, B1, B2 = get("A", n, n), get("B1", n, q), get("B2", n, m)
    C1, D12 = get("C1", q, n), get("D12", q, m)
    Cx, Cw, D22, by = get("Cx", p, n), get("Cw", p, q), get("D22", p, m), get("by", p)
    u0, G1, Gu, g1 = get("u0", m), get("G1", h, n), get("Gu", h, m), get("g1", h)
    G2, g2 = get("G2", q, h), get("g2", q)

    def simulate(x, u):
        y = u @ D22.T + by  # the feedthrough takes u, everything else u - u0
        ut = u - u0
        pre, drive, gate = ut @ D12.T, ut @ B2.T, ut @ Gu.T + g1
        for k in range(len(u)):
            delta = np.clip(np.tanh(G2 @ np.tanh(G1 @ x + gate[k]) + g2), -1, 1)
            w = delta * (C1 @ x + pre[k])
            y[k] += Cx @ x + Cw @ w
            x = A @ x + B1 @ w + drive[k]
        return y

    return n, simulate


def ssm(get, spec, m, p):
    width, blocks = spec["width"], []
    for b, size in enumerate(spec["blocks"]):
        s, h = size["states"], size["hidden"]
        din = m if b == 0 else width
        dout = p if b == len(spec["blocks"]) - 1 else width
        t = lambda name, *shape: get(f"b{b}.{name}", *shape)
        block = {
            "states": s,
            "lam": t("lre", s) + 1j * t("lim", s),
            "B": t("Bre", s, din) + 1j * t("Bim", s, din),
            "C": t("Cre", dout, s) + 1j * t("Cim", dout, s),
            "D": t("D", dout, din),
            "c": t("c", dout),
        }
        if h > 0:
            block["static"] = (t("W1", h, dout), t("b1", h), t("W2", dout, h), t("b2", dout))
        blocks.append(block)

    def simulate(x, u):
        at, signal = 0, u
        for block in blocks:  # a cascade: block after block over the whole record
            s = block["states"]
            state = x[at : at + s] + 1j * x[at + s : at + 2 * s]
            at += 2 * s
            z = signal @ block["D"].T + block["c"]
            drive = signal @ block["B"].T
            for k in range(len(u)):
                z[k] += (block["C"] @ state).real
                state = block["lam"] * state + drive[k]
            if "static" in block:
                W1, b1, W2, b2 = block["static"]
                z = z + np.tanh(z @ W1.T + b1) @ W2.T + b2
            signal = z
        return signal

    return 2 * sum(b["states"] for b in blocks), simulate


def linear(get, spec, m, p):
    n = spec["states"]
    A, B2, bx = get("A", n, n), get("B2", n, m), get("bx", n)
    Cx, D22, by = get("Cx", p, n), get("D22", p, m), get("by", p)

    def simulate(x, u):
        y, drive = u @ D22.T + by, u @ B2.T + bx
        for k in range(len(u)):
            y[k] += Cx @ x
            x = A @ x + drive[k]
        return y

    return n, simulate


KINDS = {"lure": lure, "gated": gated, "ssm": ssm, "linear": linear}


class Model:
    def __init__(self, path):
        self.manifest, tensors = read_bundle(path)
        f, used = self.manifest, set()
        m, p = len(f["inputs"]), len(f["outputs"])
        scale = Tensors(tensors, "scale.", used)
        self.mid, self.half = scale("u_mid", m), scale("u_half", m)
        self.mean, self.std = scale("y_mean", p), scale("y_std", p)
        need((self.half > 0).all() and (self.std > 0).all(), "a scale is not positive")
        self.members, lags = [], set()
        for j, spec in enumerate(f["members"]):
            get = Tensors(tensors, f"m{j}.", used)
            n, simulate = KINDS[spec["kind"]](get, spec, m, p)
            columns = tensors[f"m{j}.enc_W"].shape[1]
            need(columns % (m + p) == 0, "columns of the encoder")
            lags.add(columns // (m + p))
            self.members.append((get("enc_W", n, columns), get("enc_b", n), simulate))
        need(len(lags) == 1, f"members read {lags} past samples")
        (self.lags,) = lags
        need(self.lags <= f["window"], f"encoder reads {self.lags} samples, the window has {f['window']}")
        need(used == set(tensors), f"tensors that no member reads: {sorted(set(tensors) - used)}")

    def simulate(self, u, y, first):
        """Predicts samples first.. of one experiment. u is (N, m), y (N, p); of y only samples before first are read."""
        f = self.manifest
        steps = len(u) - first
        delayed = np.empty_like(u)
        for i, d in enumerate(f["input_delay"]):  # before the record the input is held at its first value
            delayed[:, i] = u[np.maximum(np.arange(len(u)) - d, 0), i]
        us = (delayed - self.mid) / self.half
        level = y[first - self.lags : first].copy()
        for i, integrate in enumerate(f["integrate"]):
            if integrate:
                level[:, i] -= y[first - self.lags - 1 : first - 1, i]
        ys = (level - self.mean) / self.std
        past = np.concatenate([us[first - self.lags : first].T.ravel(), ys.T.ravel()])
        need(np.isfinite(past).all(), "the encoder reads a measured output outside the window")
        total = np.zeros((steps, len(f["outputs"])))
        for W, b, simulate in self.members:
            total += simulate(W @ past + b, us[first:])
        out = self.mean + self.std * total / len(self.members)
        for i, integrate in enumerate(f["integrate"]):
            if integrate:
                out[:, i] = y[first - 1, i] + np.cumsum(out[:, i])
            limit = f["saturation"][i]
            if limit["low"] is not None:
                out[:, i] = np.maximum(out[:, i], limit["low"])
            if limit["high"] is not None:
                out[:, i] = np.minimum(out[:, i], limit["high"])
        need(np.isfinite(out).all(), "a prediction is not finite")
        return out


# Benchmarks: name -> [(part, [(u, y, window)])], y in the unit given; the window is the head of each stretch ----------------


def columns(path, *names):
    with open(path, newline="") as file:
        rows = csv.reader(file)
        head = [h.strip() for h in next(rows)]
        at = [head.index(n) for n in names]
        return np.array([[float(r[i]) for i in at] for r in rows if len(r) > max(at) and r[at[0]].strip()])


def cascaded_tanks(data):
    d = columns(os.path.join(data, "cascaded-tanks", "dataBenchmark.csv"), "uVal", "yVal")
    return "V", [("test", [(d[:, :1], d[:, 1:], 0, 50)])]


def silverbox(data):
    d = columns(os.path.join(data, "silverbox", "SNLS80mV.csv"), "V1", "V2")
    need(len(d) == 131072, f"{len(d)} rows")
    multisine = 40650 + int(0.75 * (127400 - 40650))
    stretches = [("multisine", multisine, 127400), ("arrow", 100, 40575), ("arrow without extrapolation", 100, 32100)]
    return "mV", [(name, [(d[:to, :1], 1e3 * d[:to, 1:], start, 50)]) for name, start, to in stretches]


def wiener_hammerstein(data):
    d = columns(os.path.join(data, "wiener-hammerstein", "WienerHammerBenchmark.csv"), "uBenchMark", "yBenchMark")
    need(len(d) == 188000, f"{len(d)} rows")
    return "mV", [("test", [(d[:184000, :1], 1e3 * d[:184000, 1:], 105200, 50)])]


def actuator(data):
    d = columns(os.path.join(data, "small-processes", "actuator.csv"), "u", "p")
    return "", [("test", [(d[:, :1], d[:, 1:], 462, 50)])]


def emps(data):
    d = columns(os.path.join(data, "emps", "DATA_EMPS_PULSES.csv"), "vir", "qm")
    return "mm", [("test", [(d[:, :1], 1e3 * d[:, 1:], 0, 20)])]


def fine_steering_mirror(data):
    folder = os.path.join(data, "fine-steering-mirror")
    u, y = np.load(os.path.join(folder, "u_300mV_test.npy")), np.load(os.path.join(folder, "y_300mV_test.npy"))
    flat = lambda a, r: np.concatenate([a[:, :, r, 0], a[:, :, r, 1]])  # two periods of realisation r
    return "um", [("test", [(flat(u, r), 1e6 * flat(y, r), 0, 100) for r in range(u.shape[2])])]


BENCHMARKS = {
    "cascaded-tanks": cascaded_tanks,
    "silverbox": silverbox,
    "wiener-hammerstein": wiener_hammerstein,
    "actuator": actuator,
    "emps": emps,
    "fine-steering-mirror": fine_steering_mirror,
}
UNITS = {"": 1, "V": 1, "mV": 1e-3, "m": 1, "mm": 1e-3, "um": 1e-6, "µm": 1e-6, "μm": 1e-6}


# Scores ---------------------------------------------------------------------------------------------------------------


def score(model, parts, ratio):
    """ratio turns the benchmark's unit into the bundle's."""
    for name, stretches in parts:
        measured, simulated = [], []
        for u, y, start, window in stretches:
            y = ratio * y
            first = start + window
            hidden = np.full_like(y, np.nan)
            hidden[start:first] = y[start:first]
            simulated.append(model.simulate(u, hidden, first))
            measured.append(y[first:])
        y, e = np.concatenate(measured), np.concatenate(measured) - np.concatenate(simulated)
        rmse = np.sqrt(np.mean(e**2, axis=0))
        nrmse = np.linalg.norm(e, axis=0) / np.linalg.norm(y - y.mean(axis=0), axis=0)
        yield {"name": name, "samples": len(y), "rmse": rmse, "nrmse": nrmse, "fit": 100 * (1 - nrmse), "rmse_pooled": np.sqrt(np.mean(e**2))}


def compare(mine, theirs):
    """Returns the worst relative difference of all figures of one part; the FIT's is relative to 100."""
    need(mine["samples"] == theirs["samples"], f"{mine['samples']} scored samples, the other counts {theirs['samples']}")
    worst = abs(mine["rmse_pooled"] / theirs["rmse_pooled"] - 1)
    for key in ("rmse", "nrmse", "fit"):
        a, b = np.array(mine[key]), np.array(theirs[key], dtype=float)
        worst = max(worst, np.max(np.abs(a - b) / (100 if key == "fit" else np.abs(b))))
    return worst


def main():
    args = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    args.add_argument("model")
    args.add_argument("benchmark", choices=sorted(BENCHMARKS))
    args.add_argument("--data", required=True, help="folder of the measured records")
    args.add_argument("--against", help="result of plumb identify --json")
    a = args.parse_args()

    model = Model(a.model)
    f = model.manifest
    units = {o["unit"] for o in f["outputs"]}
    need(len(units) == 1, f"outputs have different units {units}")
    (unit,) = units
    native, parts = BENCHMARKS[a.benchmark](a.data)
    ratio = 1.0 if unit == native or UNITS[native] == UNITS[unit] else UNITS[native] / UNITS[unit]
    scores = list(score(model, parts, ratio))

    print(" + ".join(m["kind"] for m in f["members"]), f"past {model.lags}", f"delay {f['input_delay']}", f"integrate {f['integrate']}")
    for s in scores:
        figures = "  ".join(f"rmse {r:.12g} {unit} fit {t:.9g} % nrmse {n:.12g}" for r, t, n in zip(s["rmse"], s["fit"], s["nrmse"]))
        print(f"{s['name']:<28} {s['samples']:>6} samples  {figures}  pooled {s['rmse_pooled']:.12g} {unit}")
    if not a.against:
        return
    with open(a.against) as file:
        tests = json.load(file)["tests"]
    need(len(tests) == len(scores), f"{len(scores)} parts, the other has {len(tests)}: {[t['name'] for t in tests]}")
    worst = 0
    for mine, theirs in zip(scores, tests):
        difference = compare(mine, theirs)
        worst = max(worst, difference)
        print(f"  {theirs['name']}: {'agrees' if difference <= AGREE else 'DISAGREES'}, largest relative difference {difference:.2g}")
    sys.exit(int(worst > AGREE))


if __name__ == "__main__":
    main()
