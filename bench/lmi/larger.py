"""Writes the larger problems of gen.py (given first) to a folder (given second)."""
import sys

source, folder = sys.argv[1:]
scope = {"__name__": "gen"}
exec(open(source).read(), scope)
scope["OUT"] = folder
scope["lyap2"](30, 30).write("")
for n in (30, 40):
    scope["lyap1"](n, 100 + n).write("")
for plant, activations in ((10, 32), (10, 64)):
    scope["diskcert"](plant, activations, 0.353, 7, f"disk{plant}p{activations}").write("")
for inputs, neurons in ((20, 100), (50, 200)):
    scope["lipsdp"](inputs, neurons, 3).write("")
