"""Matrix products and activation functions; kernels.go has the Go side."""

import torch

TYPES = {"f64": torch.float64, "f32": torch.float32}
CASES = {}


def gemm(m, n, k, dtype, transpose=""):
    def setup():
        a = torch.rand(k, m, dtype=dtype).t() if transpose == "tn" else torch.rand(m, k, dtype=dtype)
        b = torch.rand(n, k, dtype=dtype).t() if transpose == "nt" else torch.rand(k, n, dtype=dtype)
        c = torch.empty(m, n, dtype=dtype)
        return lambda: torch.mm(a, b, out=c)

    return setup


def elementwise(f, n, dtype):
    def setup():
        x = torch.randn(n, dtype=dtype)
        y = torch.empty_like(x)
        return lambda: f(x, out=y)

    return setup


for tag, dtype in TYPES.items():
    for n in (16, 32, 64, 100, 256, 1024):
        CASES[f"gemm{n}_{tag}"] = gemm(n, n, n, dtype)
    CASES[f"gemm256x100x100_{tag}"] = gemm(256, 100, 100, dtype)
    CASES[f"gemm_nt256x100x100_{tag}"] = gemm(256, 100, 100, dtype, "nt")
    CASES[f"gemm_tn100x100x256_{tag}"] = gemm(100, 100, 256, dtype, "tn")
    CASES[f"gemm_nt24x40x4000_{tag}"] = gemm(24, 40, 4000, dtype, "nt")
    CASES[f"gemm32x4000x32_{tag}"] = gemm(32, 4000, 32, dtype)
    for n in (25600, 1000000):
        for name, f in (("tanh", torch.tanh), ("sigmoid", torch.sigmoid), ("exp", torch.exp)):
            CASES[f"{name}{n}_{tag}"] = elementwise(f, n, dtype)
    CASES[f"softplus25600_{tag}"] = elementwise(
        lambda x, out: torch._C._nn.softplus(x, 1, 20, out=out), 25600, dtype)
