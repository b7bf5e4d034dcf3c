"""PyTorch's side of elementwise.lua."""
import torch
import torch.nn.functional as F

SIZES = (("1e3", 25, 40), ("1e4", 100, 100), ("1e5", 250, 400), ("1e6", 1000, 1000), ("1e7", 2500, 4000))


def positive(x):
    return x.abs() + 0.1


def power(x):
    x = positive(x)
    return lambda: x ** 2.5


def logarithm(x):
    x = positive(x)
    return lambda: x.log()


def choice(x, y):
    above = x > 0
    return lambda: torch.where(above, x, y)


OPERATORS = {
    "add": lambda x, y: lambda: x + y,
    "mul": lambda x, y: lambda: x * y,
    "relu": lambda x, y: lambda: x.relu(),
    "clamp": lambda x, y: lambda: x.clamp(-1, 1),
    "exp": lambda x, y: lambda: x.exp(),
    "log": lambda x, y: logarithm(x),
    "tanh": lambda x, y: lambda: x.tanh(),
    "sigmoid": lambda x, y: lambda: x.sigmoid(),
    "gelu": lambda x, y: lambda: F.gelu(x),
    "pow 2.5": lambda x, y: power(x),
    "where": choice,
}


def chain6(x, w, b, y):
    return ((x * w + b).tanh() - y).pow(2).mean()


def chain10(x, w, b, y):
    u = ((x * w + b).tanh() - y).pow(2)
    return (u * 0.5 + 1.0).log().sigmoid().mean()


def workloads(work):
    for name, make in OPERATORS.items():
        for size, rows, columns in SIZES:
            @work("%s %s" % (name, size))
            def _(make=make, n=rows * columns):
                return make(torch.randn(n), torch.randn(n))

    for size, rows, columns in SIZES:
        @work("add a row " + size)
        def _(rows=rows, columns=columns):
            x, r = torch.randn(rows, columns), torch.randn(columns)
            return lambda: x + r

        @work("add transposed " + size)
        def _(rows=rows, columns=columns):
            x, y = torch.randn(columns, rows), torch.randn(rows, columns)
            return lambda: x.t() + y

    for size, n in (("1e6", 1000000), ("1e7", 10000000)):
        for name, f in (("chain of 6", chain6), ("chain of 10", chain10)):
            @work("%s %s" % (name, size))
            def _(n=n, f=f):
                x, w, b, y = (torch.randn(n) for _ in range(4))
                return lambda: f(x, w, b, y)

            @work("%s, backward %s" % (name, size))
            def _(n=n, f=f):
                f = work.jit(f)
                x, w, b, y = (torch.randn(n) for _ in range(4))
                for leaf in (x, w, b):
                    leaf.requires_grad = True

                def run():
                    x.grad = w.grad = b.grad = None
                    f(x, w, b, y).backward()
                    return x.grad, w.grad, b.grad
                return run
