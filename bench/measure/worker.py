"""PyTorch's side of a comparison: the same orders as worker.lua takes, and the same answers.
    python bench/measure/worker.py GROUP THREADS [compile]
With `compile` what a workload computes goes through torch.compile: all of it, or what the workload hands to `work.jit`.
"""
import os
import sys

import torch

import serve

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
group, threads, compiled = sys.argv[1], int(sys.argv[2]), "compile" in sys.argv[3:]
torch.set_num_threads(threads)
module = __import__(group)
workloads = {}


class Work:
    """work(name) keeps the function that follows as a workload."""

    def __init__(self):
        self.in_part = False

    def jit(self, f):
        self.in_part = True
        return torch.compile(f) if compiled else f

    def __call__(self, name):
        assert name not in workloads, name

        def keep(setup):
            workloads[name] = lambda: self.build(setup) if compiled else setup()
            return setup
        return keep

    def build(self, setup):
        torch.compiler.reset()
        self.in_part = False
        made = setup()
        return made if self.in_part else torch.compile(made)


def digest(x):
    if not torch.is_tensor(x):
        x = torch.tensor(x, dtype=torch.float64)
    x = x.detach()
    out = [str(x.dtype).split(".")[1], "x".join(str(s) for s in x.shape)]
    v = x.reshape(-1)
    n = v.numel()
    if n > 1 << 18:
        v = v[::n // (1 << 18) + 1]
        n = v.numel()
    v = v.to(torch.float64)
    if n > 0:
        weights = (torch.arange(n, dtype=torch.float64) * 0.6180339887498949).frac()
        out.append("%.17g %.17g %.17g" % (v.abs().sum().item(), v.sum().item(), (v * weights).sum().item()))
        out.extend("%.17g" % v[i].item() for i in range(0, n, n // 32 + 1))
    return " ".join(out)


if group != "draws":
    module.workloads(Work())
serve.Server(workloads, lambda: torch.manual_seed(1), digest, getattr(module, "draw", None)).serve()
