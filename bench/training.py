"""PyTorch's side of training.lua."""
import torch
import torch.nn.functional as F


def layers(*sizes):
    parameters = []
    for inputs, outputs in zip(sizes, sizes[1:]):
        parameters.append((torch.randn(outputs, inputs) * (1 / inputs) ** 0.5).requires_grad_())
        parameters.append(torch.zeros(outputs, requires_grad=True))
    return parameters


def step(parameters, rate, f):
    def run():
        for p in parameters:
            p.grad = None
        loss = f()
        loss.backward()
        with torch.no_grad():
            for p in parameters:
                p.sub_(p.grad, alpha=rate)
        return loss
    return run


def after(n, run, parameters):
    def check():
        for _ in range(n):
            loss = run()
        return (loss, *parameters)
    return check


def workloads(work):
    @work("MLP 784-512-10, batch 64")
    def _():
        p = layers(784, 512, 10)
        x, classes = torch.randn(64, 784), torch.randint(1, 11, (64,)) - 1
        loss = work.jit(lambda: F.cross_entropy(F.linear(F.linear(x, p[0], p[1]).relu(), p[2], p[3]), classes))
        run = step(p, 0.01, loss)
        return run, after(3, run, p)

    @work("tiny MLP 2-16-16-1, batch 32")
    def _():
        p = layers(2, 16, 16, 1)
        x, y = torch.randn(32, 2), torch.randn(32, 1)

        def loss():
            h = F.linear(F.linear(x, p[0], p[1]).tanh(), p[2], p[3]).tanh()
            return F.mse_loss(F.linear(h, p[4], p[5]), y)
        run = step(p, 0.01, work.jit(loss))
        return run, after(3, run, p)
