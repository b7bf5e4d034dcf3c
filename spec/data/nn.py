"""What torch.nn's frame does: trees in print, names in order, initialisation, gradients kept small, hooks (spec/nn_spec.lua)."""
from emit import torch, header, lua, lua_of, text
import struct
nn, F = torch.nn, torch.nn.functional


def bits(t):
    code = {torch.float32: ">f", torch.float64: ">d"}[t.dtype]
    return f"{str(t.dtype)[6:]}[{','.join(map(str, t.shape))}] " + " ".join(struct.pack(code, v).hex() for v in t.detach().flatten().tolist())


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.body = nn.Sequential(nn.Linear(2, 3), nn.ReLU(), nn.Sequential(nn.Dropout(0.1), nn.Linear(3, 3, bias=False)))
        self.scale = nn.Parameter(torch.ones(2))
        self.head = nn.Linear(3, 1)
        self.none = None
    def extra_repr(self): return "width=3"


class Lines(nn.Module):
    def __init__(self, n, child=False):
        super().__init__()
        self.n = n
        if child: self.child = nn.Tanh()
    def extra_repr(self): return "\n".join(f"line {i}" for i in range(1, self.n + 1))


class Gone(nn.Module):
    "A child that was taken away: None stays in its place."
    def __init__(self):
        super().__init__()
        self.a, self.b, self.c = nn.Tanh(), nn.ReLU(), nn.Linear(1, 1)
        self.b = None


# (Lua, Python): what prints. The classes stand in nn_spec.lua too.
TREES = [
    ("nn.Module()", "nn.Module()"), ("Net()", "Net()"), ("Lines(0)", "Lines(0)"), ("Lines(1)", "Lines(1)"), ("Lines(2)", "Lines(2)"), ("Lines(1, true)", "Lines(1, True)"), ("Lines(2, true)", "Lines(2, True)"),
    ("Gone()", "Gone()"), ("nn.Sequential()", "nn.Sequential()"), ("nn.Sequential(nn.Tanh(), Net())", "nn.Sequential(nn.Tanh(), Net())"),
    ("nn.Sequential {{'first', nn.Tanh()}, {'second', nn.ReLU(true)}}", "nn.Sequential(__import__('collections').OrderedDict(first=nn.Tanh(), second=nn.ReLU(True)))"),
    ("nn.ModuleList()", "nn.ModuleList()"), ("nn.ModuleList {nn.Tanh()}", "nn.ModuleList([nn.Tanh()])"),
    ("nn.ModuleList {nn.Linear(2, 2), nn.Linear(2, 2), nn.Linear(2, 2), nn.Tanh(), nn.Linear(2, 2)}", "nn.ModuleList([nn.Linear(2, 2), nn.Linear(2, 2), nn.Linear(2, 2), nn.Tanh(), nn.Linear(2, 2)])"),
    ("nn.ModuleList {Net(), Net()}", "nn.ModuleList([Net(), Net()])"), ("nn.ModuleDict()", "nn.ModuleDict()"),
    ("nn.ModuleDict {b = nn.Tanh(), a = nn.ModuleList {nn.ReLU(), nn.ReLU()}}", "nn.ModuleDict({'a': nn.ModuleList([nn.ReLU(), nn.ReLU()]), 'b': nn.Tanh()})"),
    ("nn.ParameterList()", "nn.ParameterList()"), ("nn.ParameterList {tide.ones(2, 3), tide.ones(1, {dtype = tide.float64})}", "nn.ParameterList([torch.ones(2, 3), torch.ones(1, dtype=torch.float64)])"),
    ("nn.ParameterDict {b = tide.ones(2), a = tide.ones({})}", "nn.ParameterDict({'a': torch.ones([]), 'b': torch.ones(2)})"), ("nn.ParameterDict()", "nn.ParameterDict()"),
    ("nn.Sequential(nn.ParameterList {tide.ones(2)}, nn.ModuleList {nn.Tanh(), nn.Tanh()})", "nn.Sequential(nn.ParameterList([torch.ones(2)]), nn.ModuleList([nn.Tanh(), nn.Tanh()]))"),
]

E = "torch.empty"
INIT = [f"nn.init.{f}" for f in (
    f"uniform_({E}(3, 4))", f"uniform_({E}(20), -2, 3)", f"normal_({E}(3, 4))", f"normal_({E}(20), 1, 0.5)", f"constant_({E}(2, 3), 0.3)", f"ones_({E}(2))", f"zeros_({E}(2))", f"eye_({E}(3, 2))",
    f"xavier_uniform_({E}(3, 4))", f"xavier_uniform_({E}(3, 4, 2), 2.0)", f"xavier_normal_({E}(3, 4))", f"kaiming_uniform_({E}(3, 4))", f"kaiming_uniform_({E}(3, 4, 5), 0.1, \"fan_out\")",
    f"kaiming_uniform_({E}(3, 4), 0, \"fan_in\", \"relu\")", f"kaiming_normal_({E}(3, 4))", f"kaiming_normal_({E}(3, 4), 0, \"fan_out\", \"tanh\")", f"kaiming_normal_({E}(5, 4), 0, \"fan_in\", \"selu\")",
    f"trunc_normal_({E}(40))", f"trunc_normal_({E}(4, 5), 1.0, 2.0, 0.5, 3.0)", f"trunc_normal_({E}(30), 0.0, 1.0, 1.0, 1.5)", f"trunc_normal_({E}(30, dtype=torch.float64))",
    f"trunc_normal_({E}(20), 0.0, 1.0, 2.5, 4.0)", f"dirac_({E}(3, 2, 3))", f"dirac_({E}(4, 2, 3, 3), 2)", f"dirac_({E}(2, 2, 2, 2, 3))", f"sparse_({E}(5, 3), 0.3)", f"sparse_({E}(5, 3), 0.0, 1.0)",
    f"sparse_({E}(4, 2), 1.0)")]
ORTHOGONAL = [f"nn.init.orthogonal_({E}({s}){g})" for s in ("3, 3", "5, 3", "3, 5", "4, 2, 3", "20, 20", "1, 4", "6, 4, dtype=torch.float64") for g in ("", ", 1.5")]
GAINS = ["linear", "conv2d", "sigmoid", "tanh", "relu", "leaky_relu", "selu"]

CLIP = [("clip_grad_norm_", a) for a in ("1.0", "100.0", "2.0, 1.0", "0.5, inf", "3.0, 3.0", "0.5, 0.5")] + [("clip_grad_value_", "0.5"), ("get_total_norm", "2.0"), ("get_total_norm", "inf")]


def clipped(function, arguments):
    ps = [nn.Parameter(torch.arange(n, dtype=torch.float32).sub(1.3)) for n in (2, 5, 3)]
    for p in ps[:2]: (p * p).sum().backward()
    given = [p.grad for p in ps[:2]] if function.startswith("get") else ps
    total = eval(f"torch.nn.utils.{function}(given, {arguments})", {"torch": torch, "given": given, "inf": float("inf")})
    return ([text(total)] if total is not None else []) + [text(p.grad) for p in ps[:2]]


def hooks():
    "Lines of what hooks see and change, in the order of the calls."
    log = []
    def show(name, *lists): log.append(name + ": " + "; ".join(" | ".join("-" if t is None else str(t.tolist()) if torch.is_tensor(t) else repr(t) for t in l) for l in lists))

    class Two(nn.Module):
        def __init__(self):
            super().__init__()
            self.w = nn.Parameter(torch.tensor([2.0, 3.0]))
        def forward(self, x, k, y): return x * self.w * k, y + x
    m = Two()
    def pre(mod, args):
        show("pre", args)
        return (args[0] + 1, args[1], args[2])
    def post(mod, args, out):
        show("post", args, out)
        return (out[0] * 2, out[1])
    def back_pre(mod, grads):
        show("back_pre", grads)
        return (grads[0] * 10, grads[1])
    def back(mod, grad_in, grad_out):
        show("back", grad_in, grad_out)
        return (grad_in[0] + 0.5, None, grad_in[2])
    handles = [m.register_forward_pre_hook(pre), m.register_forward_hook(post), m.register_full_backward_pre_hook(back_pre), m.register_full_backward_hook(back)]
    x, y = torch.tensor([1.0, 2.0], requires_grad=True), torch.tensor([5.0, 6.0], requires_grad=True)
    a, b = m(x, 4, y)
    (a.sum() + 3 * b.sum()).backward()
    show("grads", [x.grad, y.grad, m.w.grad])
    x.grad = y.grad = m.w.grad = None
    for h in handles[:2] + handles[3:]: h.remove()
    a, b = m(x, 4, y)
    (a.sum() + 3 * b.sum()).backward()
    show("after removal", [x.grad, y.grad, m.w.grad])
    handles[2].remove()
    # no input requires grad
    def seen(mod, grad_in, grad_out): show("seen", grad_in, grad_out)
    m.register_full_backward_hook(seen)
    a, b = m(torch.tensor([1.0, 1.0]), 4, torch.tensor([0.0, 0.0]))
    a.sum().backward()
    return log


header("nn", "trees in print; bits after seed 0; gradients before and after clipping; lines of hooks")
print("return {\n   trees = {")
for l, p in TREES: print(f"      {{{lua(l)}, {lua(repr(eval(p)).replace('torch.', 'tide.'))}}},")
print("   },\n   init = {")
for case in INIT:
    l, p = lua_of(case)
    torch.manual_seed(0)
    print(f"      {{{lua(l)}, {lua(bits(eval(p)))}, {lua(bits(torch.rand(1)))}}},")
print("   },\n   orthogonal = {")
for case in ORTHOGONAL:
    l, p = lua_of(case)
    torch.manual_seed(0)
    print(f"      {{{lua(l)}, {lua(text(eval(p)))}}},")
print("   },\n   gains = {" + ", ".join(f"{g} = {lua(float(nn.init.calculate_gain(g)))}" for g in GAINS) + f", slope = {lua(nn.init.calculate_gain('leaky_relu', 0.3))}" + "},")
print("   clip = {")
for f, a in CLIP: print(f"      {{{lua(f)}, {lua(a)}, {lua(clipped(f, a))}}},")
print("   },\n   hooks = {")
for line in hooks(): print(f"      {lua(line)},")
print("   },\n}")
