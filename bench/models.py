"""PyTorch's side of models.lua."""
import inspect
import time

import torch
import torch.nn.functional as F
from torch import nn
from torch.utils.data import DataLoader, TensorDataset, random_split


def fastest(make, parameters):
    """make(parameters, **form) in that of PyTorch's forms -- as it comes, foreach, fused -- whose steps take least time here."""
    known, forms = inspect.signature(make).parameters, [{}]
    forms += [{name: True} for name in ("foreach", "fused") if name in known]
    times = [[] for _ in forms]
    optimisers = []
    for form in forms:
        copies = [p.detach().clone().requires_grad_() for p in parameters]
        for p, copy in zip(parameters, copies):
            copy.grad = p.grad.clone()
        optimisers.append(make(copies, **form))
    for _ in range(7):
        for optimiser, taken in zip(optimisers, times):
            begin = time.perf_counter()
            for _ in range(20):
                optimiser.step()
            taken.append(time.perf_counter() - begin)
    return make(parameters, **forms[min(range(len(forms)), key=lambda i: sorted(times[i])[3])])


def optimiser_step(work, name, make, options, text, sizes):
    @work(name + ", " + text)
    def _():
        p = []
        for inputs, outputs in zip(sizes, sizes[1:]):
            for shape in ((outputs, inputs), (outputs,)):
                p.append(torch.randn(shape).requires_grad_())
                p[-1].grad = torch.randn(shape)

        def chosen(parameters, foreach=None, fused=None):
            form = {key: value for key, value in (("foreach", foreach), ("fused", fused)) if value}
            return make(parameters, **options, **form)
        chosen.__signature__ = inspect.signature(make)
        opt = fastest(chosen, p)

        def check():
            for _ in range(3):
                opt.step()
                for q in p:
                    q.grad.mul_(-0.5)
            return tuple(p)
        return opt.step, check


def workloads(work):
    steps = (("SGD, momentum", torch.optim.SGD, {"lr": 1e-3, "momentum": 0.9}), ("Adam", torch.optim.Adam, {"lr": 1e-3}),
             ("AdamW", torch.optim.AdamW, {"lr": 1e-3}), ("RMSprop", torch.optim.RMSprop, {"lr": 1e-3}))
    for name, make, options in steps:
        optimiser_step(work, name, make, options, "784-512-10", (784, 512, 10))
    optimiser_step(work, "Adam", torch.optim.Adam, {"lr": 1e-3}, "2-16-16-1", (2, 16, 16, 1))

    @work("an epoch of the digits")
    def _():
        images, labels = [], []
        with open("examples/data/digits.csv") as lines:
            for line in lines:
                row = [int(v) for v in line.split(",")]
                labels.append(row.pop())
                images.append(row)
        data = TensorDataset(torch.tensor(images, dtype=torch.float32) / 16, torch.tensor(labels))
        train, _ = random_split(data, [1437, len(data) - 1437])
        model = nn.Sequential(nn.Linear(64, 128), nn.ReLU(), nn.Dropout(0.2), nn.Linear(128, 10))
        opt = torch.optim.Adam(model.parameters(), lr=3e-3)
        loader = DataLoader(train, batch_size=32, shuffle=True)

        def epoch():
            losses = []
            for x, y in loader:
                opt.zero_grad()
                loss = F.cross_entropy(model(x), y)
                loss.backward()
                opt.step()
                losses.append(loss.item())
            return losses
        return epoch, lambda: torch.tensor(epoch(), dtype=torch.float64)

    for batch, width in ((16, 32), (64, 256)):
        @work("block of modules, (%d, %d)" % (batch, width))
        def _(batch=batch, width=width):
            block = nn.Sequential(nn.LayerNorm(width), nn.Linear(width, 4 * width), nn.GELU(), nn.Dropout(0.1), nn.Linear(4 * width, width))
            x = torch.randn(batch, width, requires_grad=True)

            def run():
                block.zero_grad()
                x.grad = None
                block(x).square().mean().backward()

            def check():
                block(x).square().mean().backward()
                return (x.grad, *(p.grad for p in block.parameters()))
            return run, check
