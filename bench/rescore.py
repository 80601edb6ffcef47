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


# Members: simulate(x0, u) with x0 (n, lanes) and u (steps, m, lanes) returns (steps, p, lanes) in scaled signals --------


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
            v = Wout @ np.tanh(Win @ v + b[:, None])
        return v

    def simulate(x, u):
        y = D22 @ u + by[:, None]
        pre, drive = D12 @ u + bv[:, None], B2 @ u + bx[:, None]
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
        y = D22 @ u + by[:, None]  # the feedthrough takes u, everything else u - u0
        ut = u - u0[:, None]
        pre, drive, gate = D12 @ ut, B2 @ ut, Gu @ ut + g1[:, None]
        for k in range(len(u)):
            delta = np.clip(np.tanh(G2 @ np.tanh(G1 @ x + gate[k]) + g2[:, None]), -1, 1)
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
            z = block["D"] @ signal + block["c"][:, None]
            drive = block["B"] @ signal
            for k in range(len(u)):
                z[k] += (block["C"] @ state).real
                state = block["lam"][:, None] * state + drive[k]
            if "static" in block:
                W1, b1, W2, b2 = block["static"]
                z = z + W2 @ np.tanh(W1 @ z + b1[:, None]) + b2[:, None]
            signal = z
        return signal

    return 2 * sum(b["states"] for b in blocks), simulate


def linear(get, spec, m, p):
    n = spec["states"]
    A, B2, bx = get("A", n, n), get("B2", n, m), get("bx", n)
    Cx, D22, by = get("Cx", p, n), get("D22", p, m), get("by", p)

    def simulate(x, u):
        y, drive = D22 @ u + by[:, None], B2 @ u + bx[:, None]
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

    def scaled_inputs(self, u):
        delayed = np.empty_like(u)
        for i, d in enumerate(self.manifest["input_delay"]):  # before the record the input is held at its first value
            delayed[:, i] = u[np.maximum(np.arange(len(u)) - d, 0), i]
        return (delayed - self.mid) / self.half

    def past(self, us, y, floor, first):
        """The encoder's regressor: scaled inputs and measured outputs of the samples first-L .. first-1.

        The format says nothing of the increment whose predecessor lies before the window, sample floor; as Plumb does,
        that of the window's second sample stands for it.
        """
        level = y[first - self.lags : first].copy()
        for i, integrate in enumerate(self.manifest["integrate"]):
            if integrate:
                at = np.maximum(np.arange(first - self.lags, first), floor + 1)
                level[:, i] = y[at, i] - y[at - 1, i]
        past = np.concatenate([us[first - self.lags : first].T.ravel(), ((level - self.mean) / self.std).T.ravel()])
        need(np.isfinite(past).all(), "the encoder reads a measured output outside the window")
        return past

    def run(self, u, y, floor, starts, steps):
        """Simulates `steps` samples from each start; of y (N, p) only samples from floor to before a start are read for it.

        Returns (steps, p, starts) in physical units.
        """
        f, us = self.manifest, self.scaled_inputs(u)
        past = np.stack([self.past(us, y, floor, s) for s in starts], axis=1)
        lanes = np.stack([us[s : s + steps] for s in starts], axis=2)
        total = 0
        for W, b, simulate in self.members:
            total = total + simulate(W @ past + b[:, None], lanes)
        out = self.mean[:, None] + self.std[:, None] * total / len(self.members)
        for i, integrate in enumerate(f["integrate"]):
            if integrate:
                out[:, i] = y[np.array(starts) - 1, i] + np.cumsum(out[:, i], axis=0)
            limit = f["saturation"][i]
            if limit["low"] is not None:
                out[:, i] = np.maximum(out[:, i], limit["low"])
            if limit["high"] is not None:
                out[:, i] = np.minimum(out[:, i], limit["high"])
        return out

    def simulate(self, u, y, start, first):
        """Free simulation of the samples first, first+1, ... of one experiment whose window is start .. first-1."""
        hidden = np.full_like(y, np.nan)
        hidden[start:first] = y[start:first]
        return self.run(u, hidden, start, [first], len(u) - first)[:, :, 0]

    def predict(self, u, y, start, first, k):
        """k-step prediction of the same samples; the first k-1 start at the window's end."""
        head = self.simulate(u[: min(first + k - 1, len(u))], y[: min(first + k - 1, len(u))], start, first)
        starts = range(first, len(u) - k + 1)
        return np.concatenate([head[: k - 1], self.run(u, y, start, starts, k)[-1].T]) if starts else head


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


def figures(name, measured, simulated):
    y, e = np.concatenate(measured), np.concatenate(measured) - np.concatenate(simulated)
    rmse = np.sqrt(np.mean(e**2, axis=0))
    nrmse = np.linalg.norm(e, axis=0) / np.linalg.norm(y - y.mean(axis=0), axis=0)
    return {"name": name, "samples": len(y), "rmse": rmse, "nrmse": nrmse, "fit": 100 * (1 - nrmse), "rmse_pooled": np.sqrt(np.mean(e**2))}


def score(parts, ratio, predict):
    """Figures of each part; ratio turns the benchmark's unit into the bundle's. A part of several experiments is scored
    in one and each experiment alone after it."""
    for name, stretches in parts:
        measured, simulated = [], []
        for u, y, start, window in stretches:
            simulated.append(predict(u, ratio * y, start, start + window))
            measured.append(ratio * y[start + window :])
        yield figures(name, measured, simulated)
        if len(stretches) > 1:
            for r in range(len(stretches)):
                yield figures(f"{name}-{r + 1}", measured[r : r + 1], simulated[r : r + 1])


def show(s, unit):
    each = "  ".join(f"rmse {r:.12g} {unit} fit {t:.9g} % nrmse {n:.12g}" for r, t, n in zip(s["rmse"], s["fit"], s["nrmse"]))
    print(f"{s['name']:<28} {s['samples']:>6} samples  {each}  pooled {s['rmse_pooled']:.12g} {unit}")


def compare(mine, theirs, keys=("rmse", "nrmse", "fit", "rmse_pooled")):
    """Prints and returns the worst relative difference of the figures of one part; the FIT's is relative to 100."""
    if "samples" in theirs:
        need(mine["samples"] == theirs["samples"], f"{mine['samples']} scored samples, the other counts {theirs['samples']}")
    worst = 0
    for key in keys:
        a, b = np.array(mine[key]), np.array(theirs[key], dtype=float)
        worst = max(worst, np.max(np.abs(a - b) / (100 if key == "fit" else np.abs(b))))
    what = f"{theirs['steps']}-step prediction" if "steps" in theirs else "simulation"
    print(f"  {theirs['name']} {what}: {'agrees' if worst <= AGREE else 'DISAGREES'}, largest relative difference {worst:.2g}")
    return worst


def matched(scores, tests):
    """Pairs figures with those of the other program: in order, or, where that lists experiments of a part, those."""
    if len(scores) > 1 and scores[1]["name"] == scores[0]["name"] + "-1":
        scores = scores[:1] if len(tests) == 1 else scores[1:]
    need(len(tests) == len(scores), f"{len(scores)} parts, the other has {len(tests)}: {[t['name'] for t in tests]}")
    return zip(scores, tests)


def main():
    args = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    args.add_argument("model")
    args.add_argument("benchmark", choices=sorted(BENCHMARKS))
    args.add_argument("--data", required=True, help="folder of the measured records")
    args.add_argument("--against", help="result of plumb identify --json")
    args.add_argument("--ahead", type=int, default=5, help="longest prediction horizon that is compared")
    a = args.parse_args()

    model = Model(a.model)
    f = model.manifest
    units = {o["unit"] for o in f["outputs"]}
    need(len(units) == 1, f"outputs have different units {units}")
    (unit,) = units
    native, parts = BENCHMARKS[a.benchmark](a.data)
    ratio = 1.0 if unit == native or UNITS[native] == UNITS[unit] else UNITS[native] / UNITS[unit]
    print(" + ".join(m["kind"] for m in f["members"]), f"past {model.lags}", f"delay {f['input_delay']}", f"integrate {f['integrate']}")
    scores = list(score(parts, ratio, model.simulate))
    for s in scores:
        show(s, unit)
    if not a.against:
        return
    with open(a.against) as file:
        theirs = json.load(file)
    worst = max(compare(mine, test) for mine, test in matched(scores, theirs["tests"]))
    for k in sorted({t["steps"] for t in theirs["predictions"]}):
        if k > a.ahead:
            continue
        again = list(score(parts, ratio, lambda u, y, start, first: model.predict(u, y, start, first, k)))
        for mine, test in matched(again, [t for t in theirs["predictions"] if t["steps"] == k]):
            worst = max(worst, compare(mine, test, ("rmse",)))
    sys.exit(int(worst > AGREE))


if __name__ == "__main__":
    main()
