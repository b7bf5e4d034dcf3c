"""Gradients where a function has none: kinks, ties, poles, infinities. float64."""
from emit import torch, header, lua, lua_of, text

F, nan, inf = torch.nn.functional, float("nan"), float("inf")
X = lambda f, *x: (f, {"x": list(x)})
AB = lambda f, a, b: (f, {"a": a, "b": b})

CASES = [
    # activations
    X("x.relu()", -1.0, 0.0, -0.0, 1.0, nan, inf, -inf), X("x.relu_()", -1.0, 0.0, 1.0), X("F.leaky_relu(x, 0.25)", -1.0, 0.0, 1.0), X("F.leaky_relu(x)", -1.0, 0.0, 1.0), X("F.elu(x)", -1.0, 0.0, 1.0), X("F.elu(x, 2)", -inf, 0.0, inf),
    X("F.gelu(x)", 0.0), X("F.silu(x)", 0.0), X("F.softplus(x)", 0.0, 20.0, 21.0, 1000.0, -1000.0), X("x.sigmoid()", 0.0, 1000.0, -1000.0, inf), X("x.tanh()", 0.0, 1000.0, inf),
    # clamp
    X("x.clamp(-1, 1)", -2.0, -1.0, 0.0, 1.0, 2.0, nan, inf), (("x:clamp{min = 0}", "x.clamp(min=0)"), {"x": [-1.0, 0.0, 1.0]}), (("x:clamp{max = 0}", "x.clamp(max=0)"), {"x": [-1.0, 0.0, 1.0]}), X("x.clamp(1, -1)", -2.0, 0.0, 1.0, 2.0),
    (("a:clamp{min = b}", "a.clamp(min=b)"), {"a": [0.0, 1.0, 2.0], "b": [1.0, 1.0, 1.0]}), (("a:clamp{max = b}", "a.clamp(max=b)"), {"a": [0.0, 1.0, 2.0], "b": [1.0, 1.0, 1.0]}), ("a.clamp(b, c)", {"a": [0.0, 1.0, 2.0, 5.0, 6.0], "b": [1.0] * 5, "c": [5.0] * 5}),
    ("a.clamp(b, c)", {"a": [0.0, 3.0, 7.0], "b": [5.0] * 3, "c": [1.0] * 3}),
    # steps
    X("x.abs()", -1.0, 0.0, -0.0, 1.0, nan), *[X(f"x.{f}()", -1.5, -1.0, 0.0, 0.5, 1.5, 2.5) for f in ("sign", "floor", "ceil", "round", "trunc", "frac")], X("x.sign() * x", -2.0, 0.0, 2.0),
    # poles and ends of domains
    *[X(f"x.{f}()", *v) for f, v in dict(sqrt=(0.0, -0.0, -1.0, inf), rsqrt=(0.0, inf, -1.0), reciprocal=(0.0, -0.0, inf), log=(0.0, -0.0, -1.0, inf), log2=(0.0, -1.0), log10=(0.0, -1.0), log1p=(-1.0, -2.0, 0.0), asin=(1.0, -1.0, 2.0), acos=(1.0, -1.0, 2.0),
        atan=(0.0, inf), asinh=(0.0, inf), acosh=(1.0, 0.5), atanh=(1.0, -1.0, 2.0), tan=(0.0, inf), exp=(-inf, inf, 1000.0), expm1=(-inf, 0.0, 1000.0), sin=(inf, 0.0), cos=(inf, 0.0), sinh=(0.0, 1000.0), cosh=(0.0, 1000.0), square=(0.0, -3.0)).items()],
    # powers
    *[X(f"x ** {p}", 0.0, -0.0, 2.0, -2.0) for p in (0, 1, 2, 3, 0.5, -1, 1.5)], *[(f"{c} ** x", {"x": [0.0, -1.0, 2.0]}) for c in (0, 1, 2, "(-2)")], AB("a ** b", [0.0, 0.0, 0.0, 0.0, 2.0, -2.0, -2.0], [0.0, 1.0, 2.0, 0.5, 0.0, 2.0, 0.5]), AB("a ** b", [0.0, 0.0, inf, 1.0], [-1.0, -0.0, 0.0, inf]),
    # two operands
    AB("a / b", [0.0, 1.0, 0.0], [0.0, 0.0, 2.0]), AB("a.atan2(b)", [0.0, 0.0, 1.0, -1.0], [0.0, -1.0, 0.0, 0.0]), *[AB(f"a.{f}(b)", [0.0, 1.0, 2.0, nan, 1.0, inf, -0.0], [1.0, 1.0, 1.0, 1.0, nan, inf, 0.0]) for f in ("maximum", "minimum")],
    *[AB(f"a.{f}(b)", [7.5, -7.5, 7.5, 6.0, 1.0], [2.0, 2.0, -2.0, 3.0, 0.0]) for f in ("fmod", "remainder")], (("a % 2.5", "a % 2.5"), {"a": [7.5, -7.5, 5.0]}), 
    (('tide.div(a, b, {rounding_mode = "floor"})', 'torch.div(a, b, rounding_mode="floor")'), {"a": [7.0, -7.0], "b": [2.0, 2.0]}), (('tide.div(a, b, {rounding_mode = "trunc"})', 'torch.div(a, b, rounding_mode="trunc")'), {"a": [7.0, -7.0], "b": [2.0, 2.0]}),
    AB("torch.lerp(a, b, 0.5)", [0.0, 1.0], [1.0, 1.0]), ("torch.addcdiv(a, b, c)", {"a": [0.0, 0.0], "b": [0.0, 1.0], "c": [0.0, 0.0]}),
    # where does not shield
    (("tide.where(x:gt(0), x:sqrt(), 0)", "torch.where(x > 0, x.sqrt(), 0.0)"), {"x": [-1.0, 0.0, 4.0]}), (("tide.where(x:gt(0), x, x:detach()):sqrt()", "torch.where(x > 0, x, x.detach()).sqrt()"), {"x": [0.0, 4.0]}), (("tide.where(a:gt(b), a, b)", "torch.where(a > b, a, b)"), {"a": [0.0, 1.0, 2.0], "b": [1.0, 1.0, 1.0]}),
    (("x:sqrt():masked_fill(x:le(0), 0)", "x.sqrt().masked_fill(x <= 0, 0)"), {"x": [0.0, 4.0]}), (("x:sqrt()[x:gt(0)]", "x.sqrt()[x > 0]"), {"x": [0.0, 4.0]}), (("x:sqrt() * 0", "x.sqrt() * 0"), {"x": [0.0, 4.0]}),
    # ties of extrema: shared by all, or the first of a row
    *[X(f"x.{f}()", *v) for f in ("max", "min", "amax", "amin") for v in ((1.0, 3.0, 3.0, 1.0), (2.0, 2.0, 2.0), (1.0, nan, 3.0), (nan, nan), (inf, inf), (0.0, -0.0))],
    *[((f"x:reshape(2, 3):{f}(2)" + t, f"x.reshape(2, 3).{f}(1)" + p), {"x": [1.0, 3.0, 3.0, 2.0, 2.0, 2.0]}) for f, t, p in (("max", "", "[0]"), ("min", "", "[0]"), ("amax", "", ""), ("amin", "", ""))],
    *[((f"x:reshape(2, 3):{f}(1)", f"x.reshape(2, 3).{f}(0)[0]"), {"x": [1.0, nan, 3.0, 1.0, 2.0, nan]}) for f in ("max", "min")], (("x:reshape(2, 2):amax({1, 2})", "x.reshape(2, 2).amax([0, 1])"), {"x": [4.0, 4.0, 1.0, 4.0]}),
    *[((f"{l} * tide.tensor{{1.0, 10, 100, 1000}}", f"{p}[0] * torch.tensor([1.0, 10, 100, 1000])"), {"x": [2.0, 1.0, 2.0, 1.0]}) for l, p in (("(x:sort())", "x.sort()"), ("(tide.sort(x, {descending = true}))", "x.sort(descending=True)"), ("(tide.sort(x, {stable = true}))", "x.sort(stable=True)"))],
    # norms and spreads
    *[X(f"x.norm({p})", *v) for p in ("", "1", "3", "inf", "-inf", "0.5") for v in ((0.0, 0.0), (3.0, -4.0), (4.0, -4.0), (0.0, 2.0))], *[(("x:reshape(2, 2):norm(%s, 2)" % p, "x.reshape(2, 2).norm(%s, 1)" % p), {"x": [0.0, 0.0, 3.0, -3.0]}) for p in ("2", "1", "inf")],
    *[X(f"x.{f}()", *v) for f in ("std", "var") for v in ((2.0, 2.0, 2.0), (1.0, 3.0), (5.0,))], (("x:std{unbiased = false}", "x.std(unbiased=False)"), {"x": [2.0, 2.0]}),
    # products
    *[X("x.prod()", *v) for v in ((2.0, 3.0, 4.0), (2.0, 0.0, 4.0), (0.0, 3.0, 0.0), (0.0,), (nan, 0.0), (inf, 0.0))], (("x:reshape(2, 3):prod(2)", "x.reshape(2, 3).prod(1)"), {"x": [2.0, 0.0, 4.0, 0.0, 5.0, 0.0]}),
    *[(("x:cumprod(1)", "x.cumprod(0)"), {"x": v}) for v in ([2.0, 3.0, 4.0], [2.0, 0.0, 4.0, 5.0], [2.0, 0.0, 4.0, 0.0, 3.0], [0.0, 3.0])],
    # exponentials
    *[(("x:logsumexp(1)", "x.logsumexp(0)"), {"x": v}) for v in ([-inf, -inf], [inf, 1.0], [0.0, 0.0], [1000.0, -1000.0], [-inf, 0.0])], *[(("x:softmax(1):square()", "x.softmax(0).square()"), {"x": v}) for v in ([0.0, 0.0], [-inf, 0.0], [-inf, -inf], [1000.0, 0.0])],
    *[(("x:log_softmax(1)", "x.log_softmax(0)"), {"x": v}) for v in ([0.0, 0.0], [-inf, 0.0], [1000.0, 0.0])],
    (("F.cross_entropy(x:reshape(2, 2), tide.tensor{1, 2})", "F.cross_entropy(x.reshape(2, 2), torch.tensor([0, 1]))"), {"x": [1000.0, 0.0, 0.0, 0.0]}), (("F.cross_entropy(x:reshape(2, 2), tide.tensor{1, -100})", "F.cross_entropy(x.reshape(2, 2), torch.tensor([0, -100]))"), {"x": [1.0, 0.0, 0.0, 0.0]}),
    (("F.cross_entropy(x:reshape(1, 2), tide.tensor{-100})", "F.cross_entropy(x.reshape(1, 2), torch.tensor([-100]))"), {"x": [1.0, 0.0]}), AB("F.mse_loss(a, b)", [1.0, 2.0], [1.0, 4.0]),
    # elements that occur twice
    (("x[tide.tensor{1, 1, 2}]", "x[torch.tensor([0, 0, 1])]"), {"x": [1.0, 2.0, 3.0]}), (("x:gather(1, tide.tensor{3, 3, 1})", "x.gather(0, torch.tensor([2, 2, 0]))"), {"x": [1.0, 2.0, 3.0]}), (("x:index_select(1, tide.tensor{2, 2})", "x.index_select(0, torch.tensor([1, 1]))"), {"x": [1.0, 2.0, 3.0]}),
    (("x:take(tide.tensor{2, 2, 1})", "x.take(torch.tensor([1, 1, 0]))"), {"x": [1.0, 2.0, 3.0]}), ("x.expand(2, 3)", {"x": [1.0, 2.0, 3.0]}), ("x * x", {"x": [0.0, 3.0]}), (("x:unfold(1, 2, 1)", "x.unfold(0, 2, 1)"), {"x": [1.0, 2.0, 3.0]}),
]


def gradients(py, variables):
    v = {k: torch.tensor(x, dtype=torch.float64, requires_grad=True) for k, x in variables.items()}
    y = eval(py, {"torch": torch, "F": F, "nan": nan, "inf": inf}, {k: x.clone() if ".relu_" in py else x for k, x in v.items()})
    y.sum().backward()
    return {k: text(x.grad) for k, x in v.items()}


header("kinks", "expression, its variables, the gradients of its sum")
print("return {")
for case, variables in CASES:
    l, p = lua_of(case)
    if ".relu_" in p: l = l.replace("x:", "x:clone():")
    print(f"   {{{lua(l)}, {lua(variables)}, {lua(gradients(p, variables))}}},")
print("}")
