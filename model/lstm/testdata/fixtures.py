"""Makes the fixtures of torch_test.go: networks as PyTorch saves them, and what PyTorch computes with them.

Run in this folder: python3 fixtures.py (PyTorch 1.13, NumPy 1.24). PyTorch alone writes the weights and the traces of
lstm, cells, plain, single, gru, projected and bidirectional. keras and onnx hold a network in the order that the documents of
these projects give (Keras: gates i, f, c, o and kernels [inputs x 4 units]; ONNX operator LSTM: gates i, o, f, c), and
their traces come from a plain loop over those gates, because neither is installed where this was run.
"""
import json
import struct

import numpy as np
import torch


def save_safetensors(path, state):
    """The format by hand: 8 bytes of length, JSON, data."""
    names = {torch.float64: "F64", torch.float32: "F32", torch.float16: "F16", torch.bfloat16: "BF16"}
    header, data = {"__metadata__": {"format": "pt"}}, b""
    for name, t in state.items():
        raw = t.detach().contiguous()
        raw = raw.view(torch.int16).numpy().tobytes() if t.dtype == torch.bfloat16 else raw.numpy().tobytes()
        header[name] = {"dtype": names[t.dtype], "shape": list(t.shape), "data_offsets": [len(data), len(data) + len(raw)]}
        data += raw
    text = json.dumps(header, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)
    with open(path, "wb") as f:
        f.write(struct.pack("<Q", len(text)) + text + data)


def save_npz(path, arrays):
    np.savez(path, **arrays)


class Net(torch.nn.Module):
    def __init__(self, rnn, head=None):
        super().__init__()
        self.lstm, self.fc = rnn, head

    def forward(self, u):
        y, _ = self.lstm(u)
        return y if self.fc is None else self.fc(y)


class Cells(torch.nn.Module):
    """Two cells of different width by hand, as in a loop of one's own."""

    def __init__(self):
        super().__init__()
        self.cell_a, self.cell_b, self.head = torch.nn.LSTMCell(1, 3), torch.nn.LSTMCell(3, 2), torch.nn.Linear(2, 1)

    def forward(self, u):
        a = b = None
        out = []
        for x in u[0]:
            a = self.cell_a(x[None], a)
            b = self.cell_b(a[0], b)
            out.append(self.head(b[0]))
        return torch.stack(out, 1)


def sigmoid(x):
    return 1 / (1 + np.exp(-x))


def loop(u, i, f, g, o, fc):
    """An LSTM by its definition; each gate is (W, U, b)."""
    n = i[2].shape[0]
    c, h, out = np.zeros(n), np.zeros(n), []
    for x in u:
        z = {k: w @ x + r @ h + b for k, (w, r, b) in {"i": i, "f": f, "g": g, "o": o}.items()}
        c = sigmoid(z["f"]) * c + sigmoid(z["i"]) * np.tanh(z["g"])
        h = sigmoid(z["o"]) * np.tanh(c)
        out.append(fc[0] @ h + fc[1])
    return np.array(out)


def main():
    torch.manual_seed(1)
    torch.set_default_dtype(torch.float64)
    steps, traces = 60, {}

    def trace(name, net, inputs):
        u = 2 * torch.rand(1, steps, inputs) - 1
        with torch.no_grad():
            traces[name + ".u"], traces[name + ".y"] = u[0].numpy(), net(u)[0].numpy()

    net = Net(torch.nn.LSTM(2, 6, 2, batch_first=True), torch.nn.Linear(6, 2))
    trace("lstm", net, 2)
    save_safetensors("lstm.safetensors", net.state_dict())

    net = Cells()
    trace("cells", net, 1)
    save_npz("cells.npz", {k: np.asfortranarray(v.numpy()) for k, v in net.state_dict().items()})

    net = torch.nn.LSTM(1, 3, batch_first=True, bias=False)  # no head, no prefix
    trace("plain", lambda u: net(u)[0], 1)
    save_npz("plain.npz", {k: v.numpy() for k, v in net.state_dict().items()})

    net = Net(torch.nn.LSTM(1, 4, batch_first=True), torch.nn.Linear(4, 1))
    with torch.no_grad():
        for p in net.lstm.parameters():
            p.mul_(0.25)
        for p in net.parameters():  # as trained in single precision
            p.copy_(p.float().double())
    trace("single", net, 1)
    save_safetensors("single.safetensors", {k: v.float() for k, v in net.state_dict().items()})

    net = Net(torch.nn.GRU(2, 4, batch_first=True))
    trace("gru", net, 2)
    save_safetensors("gru.safetensors", net.state_dict())
    save_safetensors("projected.safetensors", torch.nn.LSTM(1, 4, proj_size=2).half().state_dict())
    save_safetensors("bidirectional.safetensors", torch.nn.LSTM(1, 3, bidirectional=True).bfloat16().state_dict())

    r = np.random.default_rng(2)
    gate = {k: (r.normal(size=(3, 2)), r.normal(size=(3, 3)), r.normal(size=3)) for k in "ifgo"}
    fc = (r.normal(size=(1, 3)), r.normal(size=1))
    u = r.uniform(-1, 1, (steps, 2))
    y = loop(u, gate["i"], gate["f"], gate["g"], gate["o"], fc)
    stack = lambda order, part: np.concatenate([gate[k][part] for k in order])
    traces.update({"keras.u": u, "keras.y": y, "onnx.u": u, "onnx.y": y})
    save_npz("keras.npz", {
        "sequential/lstm/lstm_cell/kernel": stack("ifgo", 0).T,
        "sequential/lstm/lstm_cell/recurrent_kernel": stack("ifgo", 1).T,
        "sequential/lstm/lstm_cell/bias": stack("ifgo", 2),
        "sequential/dense/kernel": fc[0].T, "sequential/dense/bias": fc[1],
    })
    save_npz("onnx.npz", {
        "lstm.W": stack("iofg", 0)[None], "lstm.R": stack("iofg", 1)[None],
        "lstm.B": np.concatenate([0.25 * stack("iofg", 2), 0.75 * stack("iofg", 2)])[None],
        "head.weight": fc[0], "head.bias": fc[1],
    })
    save_npz("traces.npz", traces)


if __name__ == "__main__":
    main()
