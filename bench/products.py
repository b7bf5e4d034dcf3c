"""PyTorch's side of products.lua."""
import torch
import torch.nn.functional as F


def workloads(work):
    for n in (64, 128, 256, 512, 1024):
        @work("matmul %d" % n)
        def _(n=n):
            a, b = torch.randn(n, n), torch.randn(n, n)
            return lambda: a.matmul(b)

    @work("matmul 100x300x200")
    def _():
        a, b = torch.randn(100, 300), torch.randn(300, 200)
        return lambda: a.matmul(b)

    @work("matmul 256, both transposed")
    def _():
        a, b = torch.randn(256, 256), torch.randn(256, 256)
        return lambda: a.t().matmul(b.t())

    @work("matmul 256, float64")
    def _():
        a, b = torch.randn(256, 256, dtype=torch.float64), torch.randn(256, 256, dtype=torch.float64)
        return lambda: a.matmul(b)

    @work("matrix 1024 times vector")
    def _():
        a, v = torch.randn(1024, 1024), torch.randn(1024)
        return lambda: a.matmul(v)

    @work("matmul 256, backward")
    def _():
        a, b = torch.randn(256, 256, requires_grad=True), torch.randn(256, 256, requires_grad=True)
        g = torch.randn(256, 256)
        product = work.jit(torch.matmul)

        def run():
            a.grad = b.grad = None
            product(a, b).backward(g)
            return a.grad, b.grad
        return run

    @work("bmm 64 of 64x64x64")
    def _():
        a, b = torch.randn(64, 64, 64), torch.randn(64, 64, 64)
        return lambda: a.bmm(b)

    @work("attention: (16, 4, 64, 32) by keys transposed")
    def _():
        queries, keys = torch.randn(16, 4, 64, 32), torch.randn(16, 4, 64, 32)
        return lambda: queries.matmul(keys.transpose(-2, -1))

    @work("linear 64x784 to 512")
    def _():
        x, w, b = torch.randn(64, 784), torch.randn(512, 784), torch.randn(512)
        return lambda: F.linear(x, w, b)

    @work("linear 64x784 to 512, backward")
    def _():
        x, w, b = torch.randn(64, 784), torch.randn(512, 784), torch.randn(512)
        for leaf in (x, w, b):
            leaf.requires_grad = True
        g = torch.randn(64, 512)
        linear = work.jit(F.linear)

        def run():
            x.grad = w.grad = b.grad = None
            linear(x, w, b).backward(g)
            return x.grad, w.grad, b.grad
        return run
