"""Draws of PyTorch's CPU generator after a seed. `python3 streams.py check` compares generator.py with PyTorch instead.
(Not called random.py: that would hide Python's module from torch.)"""
import struct, sys
from emit import torch, header, lua, lua_of


def bits(t):
    t = t.detach()
    code = {torch.float32: ">f", torch.float64: ">d"}.get(t.dtype)
    word = (lambda v: struct.pack(code, v).hex()) if code else (lambda v: str(v).lower())
    return f"{str(t.dtype)[6:]}[{','.join(map(str, t.shape))}] " + " ".join(map(word, t.flatten().tolist()))


F64 = ", dtype=torch.float64"
SEEDS = [0, 42, 7, 2 ** 32 + 7, -1, 2 ** 63 - 1, -2 ** 63, 123456789012345]
NORMALS = [*range(1, 21), 31, 32, 33, 100]
PERM = lambda n: (f"tide.randperm({n})", f"torch.randperm({n}) + 1")

# Each line: a seed, then draws one after the other.
CASES = [[s, "torch.rand(3)", "torch.randn(3)", "torch.randint(0, 100, [6])", PERM(5), "torch.randn(17)"] for s in SEEDS]
CASES += [[0, f"torch.rand({n})"] for n in (1, 2, 33, 700)] + [[42, f"torch.rand({n}{F64})"] for n in (1, 2, 33, 400)]
CASES += [[0, f"torch.randn({n})"] for n in NORMALS] + [[42, f"torch.randn({n}{F64})"] for n in NORMALS]
CASES += [[0, ("tide.randn(100003)[{{-3, -1}}]", "torch.randn(100003)[-3:]")], [0, ("tide.rand(100003)[{{-3, -1}}]", "torch.rand(100003)[-3:]")]]
CASES += [
    # shapes
    [0, "torch.rand(2, 3)", "torch.randn(4, 4)", "torch.randn([2, 2])", "torch.rand([])", "torch.randn([])", "torch.rand(0)", "torch.randn(2, 0, 3)", "torch.rand(1)"],
    [0, "torch.rand_like(torch.zeros(2, 3))", "torch.randn_like(torch.zeros(4, 5, dtype=torch.float64))", "torch.randint_like(torch.zeros(3), 0, 10)"],
    [0, "torch.rand_like(torch.zeros(3, 4).t())"], [0, "torch.randn_like(torch.zeros(4, 5).t())"],
    # the kept normal
    [0, "torch.randn(1)", "torch.rand(3)", "torch.randn(1)", "torch.rand(1)"],
    [0, "torch.randn(3)", "torch.randn(16)", "torch.randn(1)", "torch.randn(1)"],
    [0, "torch.randn(1)", "torch.randn(1, dtype=torch.float64)", "torch.randn(1)"],
    [0, "torch.randn(1)", PERM(4), "torch.randint(0, 9, [3])", "torch.empty(2).normal_(5, 0.5)", "torch.rand(1)"],
    [7, "torch.randn(15)", "torch.randn(15)", "torch.randn(16, dtype=torch.float64)", "torch.randn(3)"],
    # integers
    *[[0, f"torch.randint({a}, {b}, [8])", "torch.rand(1)"] for a, b in (
        (0, 2), (0, 100), (-50, 50), (0, 2 ** 28 - 1), (0, 2 ** 28), (5, 2 ** 31), (0, 2 ** 32 - 1), (0, 2 ** 32), (-2 ** 40, 2 ** 40),
        (-2 ** 62, 2 ** 62), (0, 2 ** 63 - 1), (3, 4))],
    *[[0, f"torch.randint(0, 100, [8], dtype=torch.{d})", "torch.rand(1)"] for d in ("int32", "int16", "int8", "uint8", "float32", "float64")],
    [0, "torch.randint(0, 2, [8], dtype=torch.bool)", "torch.randint(0, 256, [8], dtype=torch.uint8)", "torch.randint(-128, 128, [8], dtype=torch.int8)"],
    [0, f"torch.randint(0, {2**28 + 5}, [4], dtype=torch.int32)", f"torch.randint({-2**31}, {2**31}, [4], dtype=torch.int32)"],
    [0, "torch.randint(10, [2, 3])", "torch.randint(5, [])"],
    *[[0, PERM(n), "torch.rand(1)"] for n in (0, 1, 2, 3, 8, 100)],
    [0, ("tide.randperm(100003)[{{-3, -1}}]", "torch.randperm(100003)[-3:] + 1")],
    [0, ("tide.randperm(6, {dtype = tide.int32})", "torch.randperm(6, dtype=torch.int32) + 1"), ("tide.randperm(6, {dtype = tide.float32})", "torch.randperm(6, dtype=torch.float32) + 1")],
    # bernoulli
    *[[0, f"torch.empty(20{d}).bernoulli_({p})", "torch.rand(1)"] for d in ("", F64, ", dtype=torch.int64", ", dtype=torch.bool") for p in (0.5, 0.3)],
    [0, "torch.empty(5).bernoulli_()", "torch.empty(5).bernoulli_(0)", "torch.empty(5).bernoulli_(1)", "torch.rand(1)"],
    [0, "torch.bernoulli(torch.arange(20) / 20)", "torch.rand(1)"], [0, "torch.bernoulli(torch.arange(20, dtype=torch.float64) / 20)", "torch.rand(1)"],
    [0, "torch.bernoulli(torch.zeros(10), 0.25)", "torch.zeros(10).bernoulli(0.25)", "torch.rand(1)"],
    [0, "torch.bernoulli((torch.arange(12) / 12).view(3, 4).t())"],
    [0, "torch.empty(3, 4, dtype=torch.int64).bernoulli_(torch.tensor([0.2, 0.4, 0.6, 0.8]))", "torch.empty(4, 3).t().bernoulli_((torch.arange(12) / 12).view(3, 4))"],
    # uniform_ and normal_: one fused multiply-add
    *[[0, f"torch.empty(50{d}).uniform_({a}, {b})"] for d in ("", F64) for a, b in ((-0.3, 0.45), (0.1, 0.7), (1, 3))],
    [0, "torch.empty(40).uniform_(100000000, 100000008)", "torch.empty(40, dtype=torch.float64).uniform_(1e17, 100000000000000016)"],    # what rounds to b becomes a
    [0, "torch.empty(3).uniform_(1, 1)", "torch.empty(3).uniform_()", "torch.rand(1)"],
    *[[0, f"torch.empty({n}{d}).normal_(0.3, 1.7)"] for d in ("", F64) for n in (15, 50)],
    [0, "torch.empty(4).normal_(0, 0)", "torch.empty(20).normal_(2, 0)", "torch.empty(3).normal_()", "torch.rand(1)"],
    # in place into views: the order is that of memory, and normals are drawn one by one
    *[[0, f"torch.empty({v}.{f}", "torch.rand(1)"] for f in ("uniform_(0, 1)", "normal_(0.5, 2)") for v in ("4, 5).t()", "4, 5, dtype=torch.float64).t()", "20)")],
    *[[0, (f"tide.empty(2, 3, 4):permute(3, 1, 2):{f}", f"torch.empty(2, 3, 4).permute(2, 0, 1).{f}")] for f in ("uniform_(0, 1)", "normal_(0, 1)", "bernoulli_(0.5)")],
    [0, ("tide.empty(8, 6)[{{1, 8, 2}, {2, 4}}]:normal_(0, 1)", "torch.empty(8, 6)[::2, 1:4].normal_(0, 1)")],
    [0, ("tide.empty(6, 8):t()[{{1, 8, 2}, {2, 4}}]:uniform_(0, 1)", "torch.empty(6, 8).t()[::2, 1:4].uniform_(0, 1)")],
    # torch.normal
    [0, "torch.normal(0.3, 0.7, [5])", "torch.normal(0.3, 0.7, [20])", "torch.normal(0, 1, [2, 3], dtype=torch.float64)"],
    [0, "torch.normal(torch.arange(20) / 8, (torch.arange(20) + 1) / 4)", "torch.normal(torch.arange(5) / 8, 0.7)", "torch.normal(0.3, (torch.arange(5) + 1) / 4)"],
    [0, "torch.normal(torch.zeros(3, 1), torch.ones(4))", "torch.normal(torch.zeros(4, 5).t(), 1)"],
]

# Of later milestones: what must exist for the line to run, then as above.
LATER = [
    ["tide.nn and tide.nn.functional and tide.nn.functional.dropout", 0] + [f"torch.nn.functional.dropout({a})" for a in
        ("torch.ones(10), 0.5", "torch.arange(20) / 7, 0.3", "torch.ones(5, 4).t(), 0.5", "torch.ones(3), 0")] + ["torch.rand(1)"],
    ["tide.nn and tide.nn.Linear", 0, ("tide.nn.Linear(3, 2).weight", "torch.nn.Linear(3, 2).weight"), ("tide.nn.Linear(5, 4).bias", "torch.nn.Linear(5, 4).bias")],
    ["tide.zeros(1).exponential_", 0, "torch.empty(20).exponential_(1.7)", "torch.empty(20, dtype=torch.float64).exponential_()", "torch.rand(1)"],
    *[["tide.zeros(1).random_", 0, f"torch.empty(6, dtype=torch.{d}).random_()", f"torch.empty(6, dtype=torch.{d}).random_(2)", "torch.rand(1)"]
      for d in ("int64", "int32", "int16", "int8", "uint8", "bool", "float32", "float64")],
    ["tide.zeros(1).random_", 0, f"torch.empty(6, dtype=torch.int64).random_(-5, {2**40})"],
    ["tide.multinomial", 0, *[(f"tide.multinomial((tide.arange(20) + 1) / 20, {a})", f"torch.multinomial((torch.arange(20) + 1) / 20, {a.replace('true', 'True')}) + 1")
                              for a in ("1", "5", "20", "30, true", "1, true")], "torch.rand(1)"],
]


def draws(seed, cases):
    torch.manual_seed(seed)
    out = [seed]
    for l, p in map(lua_of, cases):
        out += [l, bits(eval(p))]
    return out


def write():
    header("streams", "a seed, then draws and what they give; float bits in hexadecimal; the same for AVX2 and AVX-512")
    print("return {\n   now = {")
    for seed, *cases in CASES: print(f"      {lua(draws(seed, cases))},")
    print("   },\n   later = {")
    for needs, seed, *cases in LATER: print(f"      {lua([needs] + draws(seed, cases))},")
    print("   },\n}")


def check():
    "generator.py against PyTorch, bit for bit."
    from generator import Generator
    T, f64 = torch, torch.float64
    ramp = T.arange(10001) / 10000
    pairs = {}
    for n in (1, 2, 3, 15, 16, 17, 31, 33, 100, 160000):
        for dt in (T.float32, f64):
            d = dt == f64
            e = lambda n=n, dt=dt: T.empty(n, dtype=dt)
            pairs |= {f"rand {n} {dt}": (lambda n=n, dt=dt: T.rand(n, dtype=dt), lambda g, n=n, d=d: g.uniform(n, double=d)),
                      f"uniform_ {n} {dt}": (lambda e=e: e().uniform_(-.3, .45), lambda g, n=n, d=d: g.uniform(n, -.3, .45, d)),
                      f"randn {n} {dt}": (lambda n=n, dt=dt: T.randn(n, dtype=dt), lambda g, n=n, d=d: g.normal(n, double=d)),
                      f"normal_ {n} {dt}": (lambda e=e: e().normal_(.3, 1.7), lambda g, n=n, d=d: g.normal(n, .3, 1.7, d)),
                      f"normal_ view {n} {dt}": (lambda n=n, dt=dt: T.empty(2, n, dtype=dt).t().normal_(.3, 1.7).t(),
                                                 lambda g, n=n, d=d: g.normal(2 * n, .3, 1.7, d, contiguous=n == 1)),
                      f"exponential_ {n} {dt}": (lambda e=e: e().exponential_(1.7), lambda g, n=n, d=d: g.exponential(n, 1.7, d))}
    for a, b in ((1e8, 1e8 + 8), (1, 1)):
        pairs[f"uniform_ {a} {b}"] = lambda a=a, b=b: T.empty(1000).uniform_(a, b), lambda g, a=a, b=b: g.uniform(1000, a, b)
    for a, b in ((0, 2), (-50, 50), (0, 2**28 - 1), (0, 2**28), (5, 2**31), (0, 2**32), (-2**62, 2**62), (-2**63, 2**63 - 1)):
        pairs[f"randint {a} {b}"] = lambda a=a, b=b: T.randint(a, b, (500,)), lambda g, a=a, b=b: g.randint(a, b, 500)
    for n in (0, 1, 2, 8, 100000): pairs[f"randperm {n}"] = lambda n=n: T.randperm(n), lambda g, n=n: g.randperm(n)
    for t in ("int64", "int32", "int16", "int8", "uint8", "bool", "float32", "float64"):
        pairs[f"random_ {t}"] = lambda t=t: T.empty(1000, dtype=getattr(T, t)).random_(), lambda g, t=t: g.random_(1000, t)
        pairs[f"bernoulli_ {t}"] = lambda t=t: T.empty(1000, dtype=getattr(T, t)).bernoulli_(.3), lambda g: g.bernoulli_(.3, 1000)
        if t != "bool": pairs[f"randint {t}"] = lambda t=t: T.randint(0, 100, (99,), dtype=getattr(T, t)), lambda g: g.randint(0, 100, 99)
    pairs["bernoulli float32"] = lambda: T.bernoulli(ramp), lambda g: g.bernoulli(ramp.tolist())
    pairs["bernoulli float64"] = lambda: T.bernoulli(ramp.double()), lambda g: g.bernoulli(ramp.tolist(), True)
    pairs["dropout"] = lambda: torch.nn.functional.dropout(T.ones(1000), .3) != 0, lambda g: g.bernoulli_(1 - .3, 1000)
    for a in ((200,), (1,), (500, True)):
        pairs[f"multinomial {a}"] = lambda a=a: T.multinomial(ramp[1:1001], *a), lambda g, a=a: g.multinomial(ramp[1:1001].tolist(), *a)
    bad = 0
    for name, (torch_side, model) in pairs.items():
        for seed in (0, 2 ** 40 - 3):
            T.manual_seed(seed)
            want, got = torch_side().flatten().tolist(), model(Generator(seed))
            if len(want) != len(got) or any(a != b for a, b in zip(want, got)):
                bad += 1
                print("differs:", name, seed)
    print(f"{len(pairs)} streams, {bad} differ")


check() if sys.argv[1:] == ["check"] else write()
