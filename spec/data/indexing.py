"""Reading and writing x[...] and the gradients of both. Left Lua's index (from 1, both ends), right Python's."""
from emit import torch, header, lua, text

BASES = {name: f"torch.arange({n}, dtype=torch.float64).reshape({s})" for name, n, s in
         (("v", 10, "[10]"), ("m", 12, "[3, 4]"), ("x", 24, "[2, 3, 4]"), ("b", 120, "[2, 3, 4, 5]"), ("s", 1, "[]"), ("e", 0, "[0, 3]"))}
LUA = {name: s.replace("torch.", "tide.").replace(", dtype=tide.float64", ", {dtype = tide.float64}").replace(".reshape([", ":reshape({").replace("])", "})") for name, s in BASES.items()}
I = lambda *v: (f"tide.tensor{{{', '.join(map(str, v))}}}", f"torch.tensor({[k - 1 if k > 0 else k for k in v]})")
J = lambda *rows: ("tide.tensor{" + ", ".join("{" + ", ".join(map(str, r)) + "}" for r in rows) + "}", f"torch.tensor({[[k - 1 for k in r] for r in rows]})")
B = lambda *v: (f"tide.tensor{{{', '.join(str(bool(k)).lower() for k in v)}}}", f"torch.tensor({[bool(k) for k in v]})")


def both(*parts):
    "('{%s, 2}', '%s, 1') with the parts' two spellings put in"
    form, *rest = parts
    return tuple(f % tuple(r[k] for r in rest) for k, f in enumerate(form))


CASES = [
    # integers
    ("v", "1", "0"), ("v", "10", "9"), ("v", "-1", "-1"), ("v", "-10", "-10"), ("m", "2", "1"), ("x", "-1", "-1"), ("v", "{3}", "2"), ("m", "{2, 3}", "1, 2"), ("m", "{-1, -4}", "-1, -4"),
    ("x", "{2, 3, 4}", "1, 2, 3"), ("x", "{1, 2}", "0, 1"), ("v", "2.0", "1"),
    # ranges: both ends, clamped, step
    ("v", "{{2, 4}}", "1:4"), ("v", "{{1, 10}}", ":"), ("v", "{{1, -1}}", ":"), ("v", "{{-3, -1}}", "-3:"), ("v", "{{-3, -2}}", "-3:-1"), ("v", "{{3, 100}}", "2:"), ("v", "{{-100, 2}}", ":2"), ("v", "{{0, 2}}", ":2"),
    ("v", "{{1, 10, 3}}", "::3"), ("v", "{{2, 9, 2}}", "1:9:2"), ("v", "{{2, 8, 2}}", "1:8:2"), ("v", "{{-4, -1, 2}}", "-4::2"), ("v", "{{1, 10, 100}}", "::100"), ("v", "{{4, 4}}", "3:4"), ("v", "{{4, 3}}", "3:3"), ("v", "{{9, 2}}", "5:5"),
    ("v", "{{11, 20}}", "10:"), ("v", "{{1, -20}}", "0:0"), ("v", "{{1, 0}}", "0:0"), ("m", "{{2, 3}}", "1:3"), ("m", "{{1, 2}, {2, 3}}", "0:2, 1:3"), ("m", "{{1, 3, 2}, {2, 4, 2}}", "::2, 1::2"), ("m", "{2, {2, 3}}", "1, 1:3"),
    ("m", "{{2, 3}, 1}", "1:3, 0"), ("x", "{{1, 2}, 2, {1, 4, 3}}", ":, 1, ::3"), ("m", "{{2, 1}, {}}", "1:1"), ("e", "{{}, 2}", ":, 1"), ("e", "{{}, {2, 3}}", ":, 1:3"),
    # all, the rest, a new dimension
    ("v", "{{}}", ":"), ("m", "{{}, 2}", ":, 1"), ("m", "{2, {}}", "1, :"), ("x", "{{}, {}, 1}", ":, :, 0"), ("x", "{'...', 1}", "..., 0"), ("x", "{1, '...'}", "0, ..."), ("x", "{1, '...', 2}", "0, ..., 1"), ("x", "{'...'}", "..."),
    ("m", "{'...', {1, 2}}", "..., 0:2"), ("m", "{1, 2, '...'}", "0, 1, ..."), ("s", "{'...'}", "..."), ("x", "{}", "..."), ("m", "{}", "..."), ("s", "{}", "..."),
    ("v", "{tide.newaxis}", "None"), ("v", "{tide.newaxis, {}}", "None, :"), ("v", "{{}, tide.newaxis}", ":, None"), ("m", "{1, tide.newaxis}", "0, None"), ("m", "{tide.newaxis, 1, tide.newaxis, {2, 3}}", "None, 0, None, 1:3"),
    ("m", "{'...', tide.newaxis}", "..., None"), ("s", "{tide.newaxis}", "None"), ("s", "{tide.newaxis, '...', tide.newaxis}", "None, ..., None"), ("v", "tide.newaxis", "None") ,
    # masks
    ("m", "m:gt(4)", "m > 4"), ("m", "{m:gt(4)}", "m > 4"), ("v", "v:lt(0)", "v < 0"), ("x", "x:remainder(5):eq(0)", "x % 5 == 0"), ("s", "s:eq(0)", "s == 0"), ("s", "tide.tensor(false)", "torch.tensor(False)"), ("m", "tide.tensor(true)", "torch.tensor(True)"),
    ("m", "{tide.tensor(false)}", "torch.tensor(False)"), ("m", *both(("{%s}", "%s"), B(1, 0, 1))), ("m", *both(("{{}, %s}", ":, %s"), B(1, 0, 1, 1))), ("m", *both(("{2, %s}", "1, %s"), B(1, 0, 1, 1))), ("m", *both(("{%s, {2, 3}}", "%s, 1:3"), B(0, 0, 1))),
    ("x", *both(("{%s, 2}", "%s, 1"), B(1, 1))), ("x", "{{}, (m:gt(4))}", ":, m > 4"), ("x", *both(("{'...', %s}", "..., %s"), B(0, 1, 1, 0))), ("m", *both(("{%s, %s}", "%s, %s"), B(1, 0, 1), B(0, 1, 0, 1))), ("m", *both(("{%s, %s}", "%s, %s"), B(1, 0, 1), I(2, 4))),
    ("x", "{x[{{}, {}, 1}]:gt(3)}", "x[:, :, 0] > 3"), ("x", "{x[{{}, {}, 1}]:gt(3), 2}", "x[:, :, 0] > 3, 1"), ("e", "e:gt(0)", "e > 0"),
    # index tensors
    ("v", *I(1, 3, 5)), ("v", *both(("{%s}", "%s"), I(1, 3, 5))), ("v", *I(5, 5, 1, 5)), ("v", *I(-1, -10, 2)), ("m", *I(3, 1)), ("m", *I(3, 1, 3)), ("v", *J((1, 2), (3, 10))), ("m", *J((1, 2), (3, 3))), ("m", "tide.tensor(2)", "torch.tensor(1)"),
    ("v", "tide.tensor({}, {dtype = tide.int64})", "torch.tensor([], dtype=torch.int64)"), ("m", "{tide.tensor({}, {dtype = tide.int64})}", "torch.tensor([], dtype=torch.int64)"), ("v", "tide.tensor({2, 4}, {dtype = tide.int32})", "torch.tensor([1, 3], dtype=torch.int32)"),
    ("m", *both(("{{}, %s}", ":, %s"), I(4, 1, 1))), ("m", *both(("{2, %s}", "1, %s"), I(4, 1))), ("m", *both(("{%s, 2}", "%s, 1"), I(3, 1))), ("m", *both(("{{1, 2}, %s}", "0:2, %s"), I(2, 2))), ("m", *both(("{%s, {2, 3}}", "%s, 1:3"), I(3, 1))),
    ("m", *both(("{%s, %s}", "%s, %s"), I(1, 3, 1), I(2, 4, 2))), ("m", *both(("{%s, %s}", "%s, %s"), J((1,), (3,)), I(2, 4, 1))), ("m", *both(("{%s, %s}", "%s, %s"), I(2), I(1, 2, 3))), ("m", *both(("{tide.tensor(2), %s}", "torch.tensor(1), %s"), I(1, 4))), ("x", *both(("{tide.tensor(1), {}, %s}", "torch.tensor(0), :, %s"), I(4, 1))),
    ("x", *both(("{%s, {}, %s}", "%s, :, %s"), I(1, 2, 1), I(4, 1, 2))), ("x", *both(("{{}, %s, %s}", ":, %s, %s"), I(1, 3), I(4, 1))), ("x", *both(("{%s, %s}", "%s, %s"), I(1, 2), I(3, 1))), ("x", *both(("{%s, %s, 2}", "%s, %s, 1"), I(1, 2), I(3, 1))),
    ("x", *both(("{1, {}, %s}", "0, :, %s"), I(4, 1))), ("x", *both(("{%s, {}, 2}", "%s, :, 1"), I(2, 1))), ("x", *both(("{'...', %s}", "..., %s"), I(4, 1))), ("x", *both(("{%s, '...'}", "%s, ..."), I(2, 1))), ("x", *both(("{%s, tide.newaxis}", "%s, None"), I(2, 1))),
    ("x", *both(("{tide.newaxis, {}, %s}", "None, :, %s"), I(3, 1))), ("x", *both(("{%s, tide.newaxis, %s}", "%s, None, %s"), I(2, 1), I(3, 1))), ("x", *both(("{%s, {1, 2}, %s}", "%s, 0:2, %s"), J((1, 2), (2, 1)), I(4, 1))),
    ("b", *both(("{{}, %s, {}, %s}", ":, %s, :, %s"), I(1, 3), I(5, 2))), ("b", *both(("{{}, %s, %s}", ":, %s, %s"), I(1, 3), I(4, 2))), ("b", *both(("{1, %s, {}, %s}", "0, %s, :, %s"), I(1, 3), I(5, 2))), ("b", *both(("{%s, {}, {2, 3}, %s}", "%s, :, 1:3, %s"), I(1, 2), I(5, 2))),
    ("b", *both(("{%s, 2, %s}", "%s, 1, %s"), I(1, 2), I(4, 2))), ("b", *both(("{{}, %s, 2, %s}", ":, %s, 1, %s"), I(1, 3), I(5, 2))), ("b", *both(("{{}, %s, {}, %s}", ":, %s, :, %s"), B(1, 0, 1), I(5, 2))), ("b", *both(("{%s, '...', %s}", "%s, ..., %s"), I(1, 2), I(5, 2))),
    ("e", "{{}, tide.tensor{1, 3}}", ":, torch.tensor([0, 2])"),
]
# What may stand on the right: base, index, value in Lua and Python. (PyTorch converts a value to the tensor's dtype, but
# not where an index is a tensor: there the dtypes must agree.)
D = lambda *v: (f"tide.tensor({{{', '.join(map(str, v))}}}, {{dtype = tide.float64}})", f"torch.tensor({list(v)}, dtype=torch.float64)")
E = "tide.tensor({{-1}, {-2}}, {dtype = tide.float64})", "torch.tensor([[-1], [-2]], dtype=torch.float64)"
WRITES = [
    ("m", "2", "1", "7", "7"), ("m", "{2, 3}", "1, 2", "0.5", "0.5"), ("m", "{{}, 2}", ":, 1", "true", "True"), ("m", "m:gt(4)", "m > 4", "-1", "-1"), ("m", "{}", "...", "3", "3"), ("m", "{{4, 3}}", "3:3", "9", "9"), ("s", "{}", "...", "5", "5"),
    ("m", "2", "1", "tide.tensor(7.5)", "torch.tensor(7.5)"), ("m", "2", "1", "tide.tensor{7}", "torch.tensor([7])"), ("m", "{{}, 2}", ":, 1", "tide.tensor{7, 8, 9}", "torch.tensor([7, 8, 9])"), ("m", "{{1, 2}}", "0:2", "tide.tensor{1, 2, 3, 4}", "torch.tensor([1, 2, 3, 4])"),
    ("m", "{{1, 2}}", "0:2", "tide.tensor{{-1}, {-2}}", "torch.tensor([[-1], [-2]])"), ("m", "2", "1", "tide.ones(1, 1, 4)", "torch.ones(1, 1, 4)"), ("m", "m:gt(9)", "m > 9", *D(-1, -2)), ("m", "m:gt(9)", "m > 9", *D(-1)),
    ("m", "tide.tensor{3, 1}", "torch.tensor([2, 0])", *D(1, 2, 3, 4)), ("m", "tide.tensor{3, 1}", "torch.tensor([2, 0])", *E),
    ("m", "{tide.tensor{3, 1}, tide.tensor{1, 4}}", "torch.tensor([2, 0]), torch.tensor([0, 3])", *D(-1, -2)), ("m", "1", "0", "m[2]", "m[1]"), ("m", "{{}, 1}", ":, 0", "m[{{}, 4}] * 2", "m[:, 3] * 2"),
    ("m", "m:gt(4)", "m > 4", "tide.tensor(7.5)", "torch.tensor(7.5)"),
    ("m", "{tide.newaxis, 2}", "None, 1", "tide.ones(1, 4)", "torch.ones(1, 4)"), ("x", "{{}, tide.tensor{1, 3}, {2, 3}}", ":, torch.tensor([0, 2]), 1:3", *D(-1, -2)), ("e", "{{}, 1}", ":, 0", "3", "3"),
    ("m", "{1, {2, 3}}", "0, 1:3", "tide.tensor({1, 2}, {dtype = tide.int8})", "torch.tensor([1, 2], dtype=torch.int8)"), ("m", "m:lt(0)", "m < 0", "tide.zeros(0, {dtype = tide.float64})", "torch.zeros(0, dtype=torch.float64)"),
    ("m", "{{1, 3, 2}, tide.tensor{true, false, false, true}}", "::2, torch.tensor([True, False, False, True])", "tide.tensor({{1, 2}, {3, 4}}, {dtype = tide.float64})", "torch.tensor([[1, 2], [3, 4]], dtype=torch.float64)"),
]
# Other dtypes: the value is converted to the tensor's. Base in Lua and Python, index, value, the result.
DTYPES = [(d, i, v) for d, i, v in (("int64", "1", 2.75), ("int64", "1", -2.75), ("int32", "{{1, 2}}", True), ("bool", "1", 0.5), ("bool", "{{1, 3}}", 0), ("float32", "1", 0.1))]
CODE = {"1": 0, "{{1, 2}}": slice(0, 2), "{{1, 3}}": slice(0, 3)}


def make(name, grad=False):
    t = eval(BASES[name])
    return t.requires_grad_() if grad else t


class Grab:
    def __getitem__(self, i): return i if isinstance(i, tuple) else (i,)


def env(): return {"torch": torch, "grab": Grab(), **{k: make(k) for k in BASES}}


ramp = lambda shape, start: (torch.arange(torch.Size(shape).numel(), dtype=torch.float64) + start).reshape(shape)


def read(base, l, py):
    x = make(base, True)
    i = eval(f"grab[{py}]", env())
    y = x[i]
    (y * ramp(y.shape, 1)).sum().backward()
    out = [base, l, text(y), text(x.grad)]
    # writing 100, 101, ...: where a position comes twice PyTorch does not say which value stays
    count = torch.zeros(x.numel()).index_add(0, torch.arange(x.numel()).reshape(x.shape)[i].flatten(), torch.ones(y.numel()))
    if (count > 1).any(): return out
    return out + write(base, i, ramp(y.shape, 100))


def write(base, i, value):
    x, v = make(base, True), value.clone().requires_grad_() if torch.is_tensor(value) and value.is_floating_point() else value
    y = x.clone()
    y[i] = v
    (y * ramp(y.shape, 1)).sum().backward()
    return [text(y), text(x.grad)] + ([text(v.grad)] if torch.is_tensor(v) and v.requires_grad else [])


header("indexing", "what comes of x[i], and the gradients when the elements are weighted 1, 2, 3, ... and summed")
print("return {\n   bases = " + lua(LUA) + ",")
print("   -- base, index, value, gradient; then x[i] = {100, 101, ...}: x, gradient of x, of the value")
print("   reads = {")
for c in CASES: print(f"      {lua(read(*c))},")
print("   },\n   -- base, index, value; then as above")
print("   writes = {")
for base, l, py, lv, pv in WRITES:
    w = write(base, eval(f"grab[{py}]", env()), eval(pv, env()))
    print(f"      {lua([base, l, lv] + w)},")
print("   },\n   -- tide.ones(3) of a dtype, index, value; the tensor")
print("   dtypes = {")
for d, l, v in DTYPES:
    t = torch.ones(3, dtype=getattr(torch, d))
    t[CODE[l]] = v
    print(f"      {lua([d, l, str(v).lower(), text(t)])},")
print("   },\n}")
