"""Training steps of a two-layer LSTM in double precision; lstm.go has the Go side."""

import torch
from torch import nn

CASES = {}


def lstm(units, steps, batch):
    def setup():
        net, read = nn.LSTM(1, units, num_layers=2).double(), nn.Linear(units, 2).double()
        u = torch.rand(steps, batch, 1, dtype=torch.float64) * 4 - 2
        target = torch.rand(steps, batch, 2, dtype=torch.float64) * 4 - 2
        opt = torch.optim.Adam([*net.parameters(), *read.parameters()], lr=1e-3)

        def step():
            opt.zero_grad()
            nn.functional.mse_loss(read(net(u)[0]), target).backward()
            opt.step()

        return step

    return setup


for units, steps, batch in ((10, 400, 10), (40, 1000, 32)):
    CASES[f"lstm-H{units}-T{steps}-B{batch}"] = lstm(units, steps, batch)
