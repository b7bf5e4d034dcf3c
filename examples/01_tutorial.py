"""What 01_tutorial.lua prints, from PyTorch: python3 01_tutorial.py > 01_tutorial.txt
(torch. becomes tide., True and False become Lua's, several values are separated by a tab, an address becomes 0x...)."""
import re

import torch

print("# PyTorch", torch.__version__.split("+")[0])


def show(*values):
    text = "\t".join(str(v).lower() if isinstance(v, bool) else str(v) for v in values)
    print(re.sub(r"0x[0-9a-f]+", "0x...", text.replace("torch.", "tide.")))


x = torch.ones(2, 2, requires_grad=True)
show(x)
y = x + 2
show(y)
show(y.grad_fn)
z = y * y * 3
out = z.mean()
show(z, out)

torch.manual_seed(0)
a = torch.randn(2, 2)
a = (a * 3) / (a - 1)
show(a.requires_grad)
a.requires_grad_(True)
show(a.requires_grad)
b = (a * a).sum()
show(b.grad_fn)

x1 = torch.tensor(1., requires_grad=True)
x2 = torch.tensor(2., requires_grad=True)
f = x1 ** 2 + x2 ** 2 + x1 * x2
show(f)
df_dx1, df_dx2 = torch.autograd.grad(f, [x1, x2], create_graph=True)
show(df_dx1, df_dx2)
d2f_dx1dx1, d2f_dx1dx2 = torch.autograd.grad(df_dx1, [x1, x2])
show(d2f_dx1dx1, d2f_dx1dx2)

out.backward()
show(x.grad)

input = torch.ones(2, 3, requires_grad=True)
w = torch.tensor([[1., 2., 3.], [4., 5., 6.]], requires_grad=True)
product = torch.matmul(input, w.T)
show(product)
product.backward(gradient=torch.ones_like(product))
show(input.grad)
show(w.grad)

p = torch.tensor([1., 2., 3.], requires_grad=True)
q = 2 * p
r = 2 * q
v = torch.tensor([0.1, 1.0, 0.0001])
r.backward(v)
show(p.grad)

point = torch.tensor([1., 2., 3.])
J = torch.autograd.functional.jacobian(lambda t: 2 * (2 * t), point)
show(J)
show(torch.matmul(J.T, v))
_, vjp = torch.autograd.functional.vjp(lambda t: 2 * (2 * t), point, v)
show(vjp)

d = x.detach()
show(d.requires_grad, torch.equal(d, x))
show((x ** 2).requires_grad)
with torch.no_grad():
    show((x ** 2).requires_grad)
