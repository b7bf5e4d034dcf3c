"""Result dtypes of every pair of dtypes, and values where the dtype decides: division, overflow, conversion.

A dtype is a letter; - is an error; ? is what PyTorch merely has not implemented, so anything may come of it.
"""
from emit import torch, header, lua, lua_of, text

F = torch.nn.functional
LETTERS = dict(f="float32", d="float64", l="int64", i="int32", s="int16", c="int8", y="uint8", b="bool")
DTYPES = {k: getattr(torch, v) for k, v in LETTERS.items()}
LETTER = {v: k for k, v in DTYPES.items()}
NUMBERS = {"2": 2, "2.5": 2.5, "true": True}

BINARY = {      # with the two operands a and b, in any of the forms below
    "a + b": "a + b", "a - b": "a - b", "a * b": "a * b", "a / b": "a / b", "a ^ b": "a ** b", "a // b": "a // b", "a % b": "a % b",
    "a & b": "a & b", "a | b": "a | b", "a ~ b": "a ^ b", "a << b": "a << b", "a >> b": "a >> b",
}
METHODS = {     # a is a tensor
    "a:lt(b)": "a.lt(b)", "a:eq(b)": "a.eq(b)", "a:fmod(b)": "a.fmod(b)", 'a:div(b, {rounding_mode = "floor"})': 'a.div(b, rounding_mode="floor")', "a:clamp(b)": "a.clamp(b)", "tide.where(a:eq(a), a, b)": "torch.where(a.eq(a), a, b)",
}
INPLACE = {     # a is a tensor, and not smaller than b
    "a:clone():add_(b)": "a.clone().add_(b)", "a:clone():mul_(b)": "a.clone().mul_(b)", "a:clone():div_(b)": "a.clone().div_(b)", "a:clone():pow_(b)": "a.clone().pow_(b)", "a:clone():remainder_(b)": "a.clone().remainder_(b)",
}
TENSORS = {     # both are tensors
    "a:maximum(b)": "a.maximum(b)", "a:atan2(b)": "a.atan2(b)", "a:logical_and(b)": "a.logical_and(b)", "tide.cat({a:reshape(-1), b:reshape(-1)})": "torch.cat([a.reshape(-1), b.reshape(-1)])", 
    "tide.lerp(a, b, 0.5)": "torch.lerp(a, b, 0.5)", "tide.addcmul(a, b, b)": "torch.addcmul(a, b, b)",
}
ALIKE = {"tide.stack({a, b})": "torch.stack([a, b])", "a:clone():copy_(b)": "a.clone().copy_(b)", "a:matmul(b)": "a.matmul(b)"}    # of the same shape
UNARY = """sum mean prod std var max min amax amin argmax all any norm neg abs sign square sqrt exp log sin tanh sigmoid relu floor ceil round trunc reciprocal rsqrt
    logical_not bitwise_not isnan isfinite nonzero logsumexp:1 cumsum:1 cumprod:1 softmax:1 log_softmax:1 sort argsort topk:1 flip:1 clone zeros_like:f ones_like:f rand_like:f""".split()

one = lambda k, shape: torch.ones(shape, dtype=DTYPES[k])


def letter(py, **env):
    try: t = eval(py, {"torch": torch, "F": F}, env)
    except (RuntimeError, TypeError) as e:
        meaningless = any(s in str(e) for s in ("bitwise", "shift", "uniform")) and not "Bool" in str(e)
        return "?" if "not implemented" in str(e) and not meaningless or "argmax" in py or "topk" in py else "-"
    t = t[0] if isinstance(t, tuple) else t
    return LETTER[t.dtype]


def row(py, form, k):
    if form == "numbers": return "".join(letter(py, a=one(k, [3]), b=n) for n in NUMBERS.values())
    if form == "numbers first": return "".join(letter(py, a=n, b=one(k, [3])) for n in NUMBERS.values())
    shapes = {"tensors": ([3], [3]), "0-dim second": ([3], []), "0-dim first": ([], [3]), "0-dim both": ([], [])}[form]
    return "".join(letter(py, a=one(k, shapes[0]), b=one(c, shapes[1])) for c in DTYPES)


FORMS = ["tensors", "0-dim second", "0-dim first", "0-dim both", "numbers", "numbers first"]
VALUES = [      # expression alone, or (Lua, Python)
    # integer division and remainder: towards minus infinity, the sign of the divisor
    *[f"torch.tensor([7, -7, 7, -7, 6, 0]) {o} torch.tensor([2, 2, -2, -2, 3, -5])" for o in ("//", "%", "/")], *[f"torch.tensor([7, -7]) {o} -2" for o in ("//", "%", "/")], *[f"-7 {o} torch.tensor([2, -2])" for o in ("//", "%", "/")], "torch.tensor([7, -7, 7, -7]).fmod(torch.tensor([2, 2, -2, -2]))",
    *[f"torch.tensor([7.5, -7.5, 7.5, -7.5, 0.0]) {o} torch.tensor([2.0, 2.0, -2.0, -2.0, -3.0])" for o in ("//", "%")], 'torch.div(torch.tensor([7, -7]), 2, rounding_mode="trunc")', 'torch.div(torch.tensor([7, -7]), 2, rounding_mode="floor")', "torch.tensor([200], dtype=torch.uint8) // 7", "torch.tensor([-128], dtype=torch.int8) // 3", "torch.tensor([-128], dtype=torch.int8) % 3",
    # by zero
    *[f"torch.tensor([1, 0]) {o} 0" for o in ("//", "%")], *[f"torch.tensor([1, 0]) {o} torch.tensor([1, 0])" for o in ("//", "%")], "torch.tensor([1, 0]).fmod(0)", "torch.tensor([1, 0, -1]) / 0", *[f"torch.tensor([1.0, 0.0, -1.0]) {o} 0" for o in ("/", "//", "%")], "torch.tensor([1.0]) / -0.0", "1 / torch.tensor([0.0, -0.0])", "torch.tensor([inf, 1.0, -1.0]) % inf", "torch.tensor([inf, 1.0, -1.0]) // inf",
    # wrap-around
    "torch.tensor([127], dtype=torch.int8) + 1", "torch.tensor([-128], dtype=torch.int8) - 1", "torch.tensor([100], dtype=torch.int8) * 3", "torch.tensor([0], dtype=torch.uint8) - 1", "torch.tensor([200], dtype=torch.uint8) + torch.tensor([100], dtype=torch.uint8)", "-torch.tensor([1, 0], dtype=torch.uint8)", "torch.tensor([32767], dtype=torch.int16) + 1", "torch.tensor([2147483647], dtype=torch.int32) + 1",
    "torch.tensor([9223372036854775807]) + 1", "torch.tensor([9223372036854775807]) * 2", "-torch.tensor([-128], dtype=torch.int8)", "torch.tensor([-128], dtype=torch.int8).abs()", "torch.tensor([16], dtype=torch.int8) ** 2", "torch.tensor([2]) ** 63", "torch.tensor([3]) ** 41", "torch.tensor([10, -10]) ** 3", "2 ** torch.tensor([0, 10, 62])", "torch.tensor([100, 100], dtype=torch.int8).sum()", "torch.tensor([100, 100], dtype=torch.int8).prod()",
    ("tide.tensor({100, 100}, {dtype = tide.int8}):cumsum(1)", "torch.tensor([100, 100], dtype=torch.int8).cumsum(0)"), "torch.tensor([200, 100], dtype=torch.uint8).sum(dtype=torch.uint8)",
    # powers of integers
    "torch.tensor([2, 0, 1, -1]) ** torch.tensor([0, 0, 5, 3])", "torch.tensor([1, -1, 2]) ** torch.tensor([-1, -3, -1])", "torch.tensor([2, 4]) ** -1", "torch.tensor([2, 4]) ** 0.5", "torch.tensor([2, 4]) ** 2.0", "torch.tensor([True, False]) ** 2", "torch.tensor([2.0]) ** torch.tensor([3])",
    # bool
    "torch.tensor([True, False]) + True", "torch.tensor([True, True]) + torch.tensor([True, False])", "torch.tensor([True, True]) * torch.tensor([True, False])", "torch.tensor([True, True]) - torch.tensor([True, False])", "torch.tensor([True]) - True", "1 - torch.tensor([True, False])", "-torch.tensor([True])", "~torch.tensor([True, False])", "torch.tensor([True, True]).sum()", "torch.tensor([True, False]) / 2", "torch.tensor([True, True, False]).prod()", "torch.tensor([True, False]) + 1", "torch.tensor([True, False]) * 2.5",
    "torch.tensor([True, False]).to(torch.int8)", ("tide.tensor{true, false}:max()", "torch.tensor([True, False]).max()"), "torch.tensor([True, False]) & True", ("tide.tensor{true, false} ~ true", "torch.tensor([True, False]) ^ True"), ("tide.tensor{true, true}:cumsum(1)", "torch.tensor([True, True]).cumsum(0)"),
    # bits
    "torch.tensor([12, -1]) & 10", "torch.tensor([12, -1]) | 3", ("tide.tensor{12, -1} ~ 10", "torch.tensor([12, -1]) ^ 10"), "~torch.tensor([0, 1, -1])", "~torch.tensor([0, 1], dtype=torch.uint8)", "torch.tensor([1, 3]) << 4", "torch.tensor([1]) << 63", "torch.tensor([1]) << 64", "torch.tensor([1], dtype=torch.int8) << 7", "torch.tensor([1], dtype=torch.int8) << 8", "torch.tensor([-8, 8]) >> 1", "torch.tensor([-8, 8]) >> 64", "torch.tensor([200], dtype=torch.uint8) >> 3", "1 << torch.tensor([0, 5])", "torch.tensor([1]) << -1", "torch.tensor([8]) >> -1",
    # conversion
    "torch.tensor([2.9, -2.9, 0.5]).to(torch.int64)", "torch.tensor([2.5, 3.5, -2.5]).int()", "torch.tensor([0.0, 0.5, -1.0, nan]).to(torch.bool)", "torch.tensor([300, -1, 256]).to(torch.uint8)", "torch.tensor([200, -200]).to(torch.int8)", "torch.tensor([16777217]).to(torch.float32)", "torch.tensor([9007199254740993]).double()", "torch.tensor([0.1], dtype=torch.float64).float().double()", "torch.tensor([1e40], dtype=torch.float64).float()", "torch.tensor([3000000000.0, -1.0]).to(torch.int64)",
    # a number keeps its own value
    "torch.tensor([3.0], dtype=torch.float64) * 0.1", "torch.tensor([3.0]) * 0.1", "torch.tensor([3.0], dtype=torch.float64) * torch.tensor(0.1)", "torch.tensor([1, 2]) * 2.5", "torch.tensor([1.0], dtype=torch.float64) + 9007199254740993", "torch.tensor([1]) + 9007199254740993", "torch.tensor([1], dtype=torch.int8) + 300", "torch.tensor([1], dtype=torch.uint8) + -1", "torch.tensor([1], dtype=torch.uint8) * 256", "torch.tensor([5], dtype=torch.int8).eq(300)", "torch.tensor([5], dtype=torch.int8).lt(300)", "torch.tensor([16777217]).eq(16777216.0)", "torch.tensor([9007199254740993]).eq(9007199254740992.0)", "torch.tensor([9007199254740993]).eq(9007199254740992)", "torch.tensor([1.5, 2.0]).eq(torch.tensor([1, 2]))", "torch.tensor([16777217]).eq(torch.tensor([16777216.0]))",
    "torch.tensor([0.1]).eq(0.1)", "torch.tensor([0.1], dtype=torch.float64).eq(torch.tensor([0.1]))", "torch.tensor([-1], dtype=torch.int64).lt(torch.tensor([1], dtype=torch.uint8))", "torch.tensor([nan, 1.0]).eq(nan)", "torch.tensor([nan]).ne(nan)", "torch.tensor([nan, 1.0]).lt(2)", "torch.tensor([1, 5]).clamp(2, 3)", "torch.tensor([1, 5]).clamp(2.5, 3.5)", "torch.tensor([1, 5], dtype=torch.int8).clamp(-200, 200)",
    # numbers and lists make
    "torch.tensor(1)", "torch.tensor(1.0)", "torch.tensor(True)", "torch.tensor([1, 2.5])", "torch.tensor([True, 2])", "torch.tensor([True, 2.5])", "torch.tensor([1.9], dtype=torch.int64)", "torch.tensor([0, 2], dtype=torch.bool)", "torch.tensor([300], dtype=torch.uint8)", "torch.full([2], 3)", "torch.full([2], 3.0)", "torch.full([2], True)", "torch.arange(3)", "torch.arange(3.0)", "torch.arange(0, 1, 0.25)", "torch.arange(3, 0, -1)", "torch.arange(1, 2.5)", "torch.linspace(0, 1, 3)", "torch.zeros(2)", "torch.zeros_like(torch.tensor([1, 2]))", "torch.eye(2, dtype=torch.int32)",
    "torch.tensor([1.5, 2.5, -0.5, 0.5]).round()", "torch.tensor([5, 7]).mean(dtype=torch.float64)", "torch.tensor([1.5, 2.5]).sum(dtype=torch.int64)", "torch.tensor([3, 4], dtype=torch.int32).floor()", "torch.tensor([4, 9]).sqrt()", "torch.tensor([3, -4]).sign()",
]


def value(p):
    try: return text(eval(p, {"torch": torch, "nan": float("nan"), "inf": float("inf")}))
    except (RuntimeError, ZeroDivisionError, TypeError) as e: return False


header("promotion", "letters: " + ", ".join(f"{k} {v}" for k, v in LETTERS.items()) + "; - an error; ? not implemented in PyTorch")
print(f"return {{\n   letters = {lua(LETTERS)},\n   order = {lua(''.join(DTYPES))},\n   numbers = {lua(list(NUMBERS))},")
print("   -- expression, form of the operands, a row for each dtype of the tensor a (of b where a number is first)\n   binary = {")
for cases, forms in ((BINARY, FORMS), (METHODS, FORMS[:5]), (INPLACE, [FORMS[k] for k in (0, 1, 3, 4)]), (TENSORS, FORMS[:4]), (ALIKE, FORMS[:1])):
    for l, p in cases.items():
        for f in forms: print(f"      {lua([l, f] + [row(p, f, k) for k in DTYPES])},")
print("   },\n   -- expression, the result for each dtype of a\n   unary = {")
for u in UNARY:
    u, _, arg = u.partition(":")
    l, p = {"": (f"a:{u}()", f"a.{u}()"), "1": (f"a:{u}(1)", f"a.{u}(0)" if u != "topk" else f"a.{u}(1)"), "f": (f"tide.{u}(a)", f"torch.{u}(a)")}[arg]
    if u == "flip": p = "a.flip(0)"
    print(f"      {lua([l, ''.join(letter(p, a=one(k, [3])) for k in DTYPES)])},")
print("   },\n   -- expression and its value, false for an error\n   values = {")
for case in VALUES:
    l, p = lua_of(case)
    print(f"      {lua([l, value(p)])},")
print("   },\n}")
