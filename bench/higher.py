"""PyTorch's side of higher.lua."""
import torch
import torch.nn.functional as F
from torch.autograd import grad


def workloads(work):
    @work("Hessian of Rosenbrock's function of 10")
    def _():
        x = torch.randn(10, requires_grad=True)

        def rosenbrock():
            head, tail = x[:-1], x[1:]
            return ((tail - head ** 2) ** 2 * 100 + (1 - head) ** 2).sum()

        def run():
            g, = grad(rosenbrock(), x, create_graph=True)
            return torch.stack([grad(g[i], x, retain_graph=True)[0] for i in range(10)])
        return run

    @work("Hessian of an MLP times a vector")
    def _():
        p = [torch.randn(512, 784) * 0.03, torch.zeros(512), torch.randn(10, 512) * 0.03, torch.zeros(10)]
        for parameter in p:
            parameter.requires_grad = True
        v = [torch.randn_like(parameter) for parameter in p]
        x, classes = torch.randn(64, 784), torch.randint(1, 11, (64,)) - 1

        def run():
            loss = F.cross_entropy(F.linear(F.linear(x, p[0], p[1]).relu(), p[2], p[3]), classes)
            g = grad(loss, p, create_graph=True)
            dot = (g[0] * v[0]).sum()
            for i in range(1, len(g)):
                dot = dot + (g[i] * v[i]).sum()
            return grad(dot, p)
        return run
