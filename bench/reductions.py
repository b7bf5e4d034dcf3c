"""PyTorch's side of reductions.lua."""
import torch
import torch.nn.functional as F

REDUCTIONS = {
    "sum": lambda x: x.sum(),
    "sum dim 1": lambda x: x.sum(0),
    "sum dim 2": lambda x: x.sum(1),
    "max": lambda x: x.max(),
    "max dim 2": lambda x: x.max(1),
    "argmax dim 2": lambda x: x.argmax(1),
    "cumsum dim 2": lambda x: x.cumsum(1),
    "var": lambda x: x.var(),
    "var dim 2": lambda x: x.var(1),
    "softmax dim 2": lambda x: x.softmax(1),
    "logsumexp dim 2": lambda x: x.logsumexp(1),
}


def workloads(work):
    for rows, columns in ((1000, 1000), (64, 50257)):
        suffix = " (%d, %d)" % (rows, columns)
        for name, f in REDUCTIONS.items():
            @work(name + suffix)
            def _(f=f, rows=rows, columns=columns):
                x = torch.randn(rows, columns)
                return lambda: f(x)

        @work("layer norm" + suffix)
        def _(rows=rows, columns=columns):
            x, w, b = torch.randn(rows, columns), torch.randn(columns), torch.randn(columns)
            return lambda: F.layer_norm(x, (columns,), w, b)

        @work("cross entropy, backward" + suffix)
        def _(rows=rows, columns=columns):
            x = torch.randn(rows, columns, requires_grad=True)
            classes = torch.randint(1, columns + 1, (rows,)) - 1
            loss = work.jit(F.cross_entropy)

            def run():
                x.grad = None
                loss(x, classes).backward()
                return x.grad
            return run
