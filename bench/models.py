"""PyTorch's side of models.lua."""
import torch
import torch.nn.functional as F
from torch import nn
from torch.utils.data import DataLoader, TensorDataset, random_split


def optimiser_step(work, name, make, options, text, sizes):
    @work(name + ", " + text)
    def _():
        p = []
        for inputs, outputs in zip(sizes, sizes[1:]):
            for shape in ((outputs, inputs), (outputs,)):
                p.append(torch.randn(shape).requires_grad_())
                p[-1].grad = torch.randn(shape)
        opt = make(p, **options)

        def check():
            for _ in range(3):
                opt.step()
                for q in p:
                    q.grad.mul_(-0.5)
            return tuple(p)
        return opt.step, check


def workloads(work):
    optim, big, small = torch.optim, (784, 512, 10), (2, 16, 16, 1)
    for name, make, options, text, sizes in (
        ("SGD, momentum", optim.SGD, {"lr": 1e-3, "momentum": 0.9}, "784-512-10", big),
        ("Adam", optim.Adam, {"lr": 1e-3}, "784-512-10", big),
        ("AdamW", optim.AdamW, {"lr": 1e-3}, "784-512-10", big),
        ("RMSprop", optim.RMSprop, {"lr": 1e-3}, "784-512-10", big),
        ("Adam", optim.Adam, {"lr": 1e-3}, "2-16-16-1", small),
        ("SGD, momentum, fused", optim.SGD, {"lr": 1e-3, "momentum": 0.9, "fused": True}, "784-512-10", big),
        ("Adam, fused", optim.Adam, {"lr": 1e-3, "fused": True}, "784-512-10", big),
        ("AdamW, fused", optim.AdamW, {"lr": 1e-3, "fused": True}, "784-512-10", big),
    ):
        optimiser_step(work, name, make, options, text, sizes)

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
