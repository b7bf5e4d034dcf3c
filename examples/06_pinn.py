# The twin of 06_pinn.lua: python 06_pinn.py losses float64 100 prints the losses of the first steps of Adam; without arguments the whole run.
import math
import sys

import torch
from torch import nn
from torch.autograd import grad

DAMPING, STIFFNESS, LAST, POINTS, STEPS = 0.4, 4, 6, 64, 1000
losses = len(sys.argv) > 1 and sys.argv[1] == "losses"
torch.set_default_dtype(getattr(torch, sys.argv[2]) if losses else torch.float64)
torch.set_num_threads(1)
torch.manual_seed(0)
model = nn.Sequential(nn.Linear(1, 32), nn.Tanh(), nn.Linear(32, 32), nn.Tanh(), nn.Linear(32, 1))
t = torch.linspace(0, LAST, POINTS).unsqueeze(1).requires_grad_()


def solution():
    u = model(t / 3 - 1)
    du = grad(u.sum(), t, create_graph=True)[0]
    ddu = grad(du.sum(), t, create_graph=True)[0]
    return u, du, ddu


def loss():
    u, du, ddu = solution()
    missed = ddu + DAMPING * du + STIFFNESS * u
    return missed.square().mean() + 20 * ((u[0] - 1).square().sum() + du[0].square().sum())


opt = torch.optim.Adam(model.parameters(), lr=1e-2)
for _ in range(int(sys.argv[3]) if losses else STEPS):
    opt.zero_grad()
    l = loss()
    l.backward()
    opt.step()
    if losses:
        print("%.17g" % l.item())
if not losses:
    lbfgs = torch.optim.LBFGS(model.parameters(), max_iter=400, tolerance_grad=1e-9, tolerance_change=1e-12, line_search_fn="strong_wolfe")

    def closure():
        lbfgs.zero_grad()
        l = loss()
        l.backward()
        return l

    lbfgs.step(closure)
    w = math.sqrt(STIFFNESS - DAMPING**2 / 4)
    exact = torch.exp(-DAMPING / 2 * t) * (torch.cos(w * t) + DAMPING / 2 / w * torch.sin(w * t))
    print("%.17g %.17g" % (loss().item(), (solution()[0] - exact).abs().max().item()))
