"""PyTorch's side of overhead.lua."""
import torch
from torch.autograd import grad


def scalars():
    x1 = torch.tensor(3.0, requires_grad=True)
    x2 = torch.tensor(2.0, requires_grad=True)
    return x1, x2, lambda: x1 ** 2 + x2 ** 2 + x1 * x2


def workloads(work):
    @work("scalars: f(x1, x2)")
    def _():
        return scalars()[2]

    @work("scalars: f and gradient")
    def _():
        x1, x2, f = scalars()
        return lambda: grad(f(), (x1, x2), create_graph=True)

    @work("scalars: second derivatives")
    def _():
        x1, x2, f = scalars()

        def run():
            d1, d2 = grad(f(), (x1, x2), create_graph=True)
            d11, d12 = grad(d1, (x1, x2), retain_graph=True)
            d21, d22 = grad(d2, (x1, x2))
            return d11, d12, d21, d22
        return run

    @work("example of 2x2")
    def _():
        def run():
            x = torch.ones(2, 2, requires_grad=True)
            y = x + 2
            z = y * y * 3
            z.mean().backward()
            return x.grad
        return run

    @work("chain of 100 operations")
    def _():
        x = torch.tensor([0.5], requires_grad=True)

        @work.jit
        def chain(y):
            for _ in range(50):
                y = y * 1.01 + 0.01
            return y

        def run():
            x.grad = None
            chain(x).backward()
            return x.grad
        return run

    @work("four: add")
    def _():
        a, b = torch.randn(4), torch.randn(4)
        return lambda: a + b

    @work("four: add, recorded")
    def _():
        a, b = torch.randn(4, requires_grad=True), torch.randn(4)
        return lambda: a + b

    @work("four: add, sum, backward")
    def _():
        a, b = torch.randn(4, requires_grad=True), torch.randn(4)

        def run():
            a.grad = None
            (a + b).sum().backward()
            return a.grad
        return run

    @work("four: add a number")
    def _():
        a = torch.randn(4)
        return lambda: a + 1.5

    @work("four: add in place")
    def _():
        a, b = torch.randn(4), torch.zeros(4)
        return lambda: a.add_(b)

    @work("four: zeros")
    def _():
        return lambda: torch.zeros(4)

    @work("four: tensor from a list")
    def _():
        return lambda: torch.tensor([1.5, 2.5, 3.5, 4.5])

    @work("four: item")
    def _():
        a = torch.tensor(1.5)
        return lambda: a.item()

    @work("four: exp")
    def _():
        a = torch.randn(4)
        return lambda: a.exp()

    @work("four: sum")
    def _():
        a = torch.randn(4)
        return lambda: a.sum()

    @work("four: view")
    def _():
        a = torch.randn(4)
        return lambda: a.view(2, 2)

    @work("four: row")
    def _():
        a = torch.randn(2, 2)
        return lambda: a[0]

    @work("four: product of 2x2")
    def _():
        a, b = torch.randn(2, 2), torch.randn(2, 2)
        return lambda: a.mm(b)
