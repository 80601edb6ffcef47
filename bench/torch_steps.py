"""Whole training steps in double precision; steps.go has the Go side."""

import torch
from torch import nn


def network(hidden):
    net = nn.Sequential(nn.Linear(4, hidden), nn.Tanh(), nn.Linear(hidden, hidden), nn.Tanh(), nn.Linear(hidden, 4))
    return net.double()


def training(net, loss):
    opt = torch.optim.Adam(net.parameters(), lr=1e-3)

    def step():
        opt.zero_grad()
        loss().backward()
        opt.step()

    return step


def mlp():
    net = network(100)
    x, y = torch.randn(256, 4, dtype=torch.float64), torch.randn(256, 4, dtype=torch.float64)
    return training(net, lambda: nn.functional.mse_loss(net(x), y))


def rollout():
    net = network(64)
    x0, y = torch.randn(32, 4, dtype=torch.float64), torch.randn(100, 32, 4, dtype=torch.float64)

    def loss():
        x, xs = x0, []
        for _ in range(100):
            x = x + 0.1 * net(x)
            xs.append(x)
        return nn.functional.mse_loss(torch.stack(xs), y)

    return training(net, loss)


CASES = {"mlp": mlp, "rollout": rollout}
