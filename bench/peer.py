"""The PyTorch side of bench: reads names of cases, prints one JSON line with the CPU time of a step for each.

A case is an entry of CASES in one of the torch_*.py files beside this one: a function without arguments that builds
its data and returns the step to be timed. The Go case of the same name does the same work."""

import importlib
import json
import pathlib
import statistics
import sys
import time

import torch

torch.set_num_threads(1)
here = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(here))
CASES = {}
for file in sorted(here.glob("torch_*.py")):
    CASES.update(importlib.import_module(file.stem).CASES)

SAMPLE_S = 0.020  # CPU time of a sample at least, as in measure.go
SAMPLES = 5


def timed(step, n):
    start = time.process_time()
    for _ in range(n):
        step()
    return time.process_time() - start


def measure(step):
    n = 1
    while True:
        t = timed(step, n)
        if t >= SAMPLE_S / 2:
            n = max(1, round(n * SAMPLE_S / t))
            break
        n *= 2
    return statistics.median(timed(step, n) / n * 1e6 for _ in range(SAMPLES))


def main():
    last, step = None, None
    for line in sys.stdin:
        name = line.strip()
        if name != last:
            last, step = name, CASES[name]()
            step()
        print(json.dumps({"case": name, "us": measure(step)}), flush=True)


main()
