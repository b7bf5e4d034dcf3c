"""What PyTorch prints, with tide. for torch."""
from emit import torch, header, lua, lua_of

nan, inf = float("nan"), float("inf")
GRAD = ", requires_grad=True"
FLOATS = [                              # lists printed on their own, as float64 and as 2-d
    "[0.0]", "[-0.0, 0.0]", "[1.0]", "[1.0, 2.0, 3.0]", "[1.0, -2.5, 3.25]", "[0.5, nan, inf]", "[-inf, inf, nan]", "[nan]", "[1.0, nan, -inf, -0.0]",
    "[1e-4, 1.0]", "[0.00009, 1.0]", "[1e-4, 1e-5]", "[0.001, 1.5]", "[1000.0, 1.5]", "[1001.0, 1.0]", "[1001.0, 1.5]", "[1000.5, 1.0]", "[10000.0, 1.0]",
    "[1e8, 1e6]", "[1e8, 2e8]", "[100000001.0, 1.0]", "[123456789.0, 1e8]", "[1e10]", "[1e-10]", "[1e30, -1e30]", "[1e-45]", "[3.4e38, 1.0]",
    "[0.0, 1e-5]", "[0.0, 1e5]", "[99999.5]", "[0.99995, 0.00005]", "[2.00005, 1.99995]", "[-1.0, 10.0, -100.0]", "[-1.5, 10.0, -100.0]",
    "[0.0001, 0.1]", "[0.1, 0.2]", "[16777216.0, 3.0]", "[0.0, 0.0, nan]", "[1e5, 1e-3]", "[1.0, 1e9, inf]", "[-0.00001, 0.0]",
]
INTS = ["[0]", "[1, 2, 3]", "[-1, 10, 100]", "[9223372036854775807, 1]", "[-100, 5]", "[1000000, 2]"]
PLAIN = [f"torch.tensor({v})" for v in FLOATS + INTS]
PLAIN += [f"torch.tensor({v}, dtype=torch.float64)" for v in ("[1.0, 2.0]", "[1e300, 1.0]", "[1e-300]", "[1e-5, 123456.789]", "[0.1, nan]", "[1e100, 1e101]")]
PLAIN += [f"torch.tensor({v})" for v in ("0.0", "-0.0", "3.0", "3.5", "nan", "inf", "-inf", "1e10", "1e-10", "123456789.0", "0.00001", "5", "-7", "True", "[True, False]",
                                         "[[True], [False]]", "[[1.5, 2.0], [3.0, -4.0]]", "[[1, 2], [3, -4]]", "[[[1.0]]]", "[[[1, 2]], [[3, 4]]]", "[[1.0, nan], [inf, -inf]]")]
PLAIN += [f"torch.tensor([1, 2, 100], dtype=torch.{d})" for d in ("int32", "int16", "int8", "uint8", "bool", "float64")]
PLAIN += [f"torch.tensor(2, dtype=torch.{d})" for d in ("int32", "int16", "int8", "uint8", "float64", "int64")]
PLAIN += [
    # empty
    "torch.tensor([])", "torch.zeros(0, dtype=torch.int64)", "torch.zeros(0, dtype=torch.float64)", "torch.zeros(0, dtype=torch.bool)", "torch.zeros(0, 3)", "torch.zeros(2, 0)",
    "torch.zeros(2, 0, 3, dtype=torch.int32)", "torch.zeros(0, 0, dtype=torch.int64)", "torch.zeros(0, requires_grad=True)", "torch.zeros(3, 0, requires_grad=True) * 2", "torch.zeros(1, 0, 1)",
    # dimensions and lines
    "torch.arange(6).reshape(2, 3)", "torch.arange(24).reshape(2, 3, 4)", "torch.arange(24).reshape(2, 3, 4) / 8", "torch.arange(16).reshape(2, 2, 2, 2)", "torch.arange(8).reshape(1, 2, 1, 2, 1, 2)",
    "torch.zeros(1, 1, 1, 1, 1, 1)", "torch.arange(3).reshape(3, 1)", "torch.arange(3).reshape(1, 3) * 1.5",
    "torch.zeros(26)", "torch.zeros(25)", "torch.zeros(40)", "torch.arange(30)", "torch.arange(200)", "torch.arange(100) / 4", "torch.arange(100) * 1.0", "torch.ones(13) / 3", "torch.arange(9) / 3", "torch.arange(13) / 1000000",
    "torch.arange(40).reshape(2, 20) / 8", "torch.arange(100).reshape(2, 50)", "torch.arange(36).reshape(2, 1, 18) * 1000", "torch.arange(40).reshape(1, 1, 1, 40)", "torch.zeros(3, 30, dtype=torch.bool)", "torch.full([24], -inf)", "torch.full([2, 24], nan)",
    # summarised
    "torch.arange(1000)", "torch.arange(1001)", "torch.arange(2000) / 8", "torch.arange(2000).reshape(2, 1000)", "torch.arange(2000).reshape(1000, 2)", "torch.arange(2000).reshape(40, 50)", "torch.arange(2000.0).reshape(2, 1000)",
    "torch.arange(2000.0).reshape(40, 50) / 16", "torch.arange(3000).reshape(10, 3, 100)", "torch.arange(2800).reshape(7, 20, 20)", "torch.arange(1200).reshape(6, 10, 20)", "torch.arange(10000).reshape(10, 10, 10, 10)", "torch.zeros(1001)", "torch.zeros(101, 10, dtype=torch.bool)",
    "torch.arange(1001) * 10000000000", "torch.zeros(1, 2000)", "torch.zeros(2000, 1)", "torch.arange(1001, dtype=torch.float64) * 0.001", "torch.ones(1001, requires_grad=True) * 3", "torch.arange(1001, dtype=torch.int16)", "torch.zeros(7, 200, 0)", "torch.arange(1024.0).reshape(2, 2, 2, 2, 2, 2, 2, 2, 2, 2)",
    # values hidden by the summary do not count
    ("(function() local x = tide.zeros(1001); x[500] = 1e10; return x end)()", "torch.zeros(1001).index_fill(0, torch.tensor([499]), 1e10)"),
    ("(function() local x = tide.zeros(1001); x[3] = 1e10; return x end)()", "torch.zeros(1001).index_fill(0, torch.tensor([2]), 1e10)"),
    # suffixes and where they break the line
    "torch.ones(2, 2, requires_grad=True)", "torch.ones(2, 2, requires_grad=True) + 2", "torch.ones(2, requires_grad=True).double()", "torch.ones(2, dtype=torch.float64, requires_grad=True) * 2", "torch.ones([], requires_grad=True)", "torch.ones([], requires_grad=True).exp()",
    "torch.ones(3, requires_grad=True).detach()", "torch.ones(5, requires_grad=True).mean()", "torch.ones(2, 3, dtype=torch.float64, requires_grad=True).sum()",
    *[f"torch.ones({n}{GRAD})" for n in (6, 7, 8, 9, 10)], *[f"torch.ones({n}{GRAD}) * 2" for n in range(4, 12)], *[f"torch.arange({n}, dtype=torch.int16)" for n in (14, 15, 16, 17, 18, 19)],
    *[f"torch.ones({n}, dtype=torch.float64{GRAD}) / 3" for n in (2, 3, 4, 5, 6, 8)], "torch.ones(2, 20, requires_grad=True) * 2", "torch.ones(2, 8, dtype=torch.float64, requires_grad=True) * 2",
    ("tide.ones(2, 2, {requires_grad = true})[1]", "torch.ones(2, 2, requires_grad=True)[0]"), ("tide.ones(2, 2, {requires_grad = true}):t()", "torch.ones(2, 2, requires_grad=True).t()"),
    # views print as the tensor they are
    "torch.arange(6).reshape(2, 3).t()", ("tide.arange(10)[{{2, 9, 3}}]", "torch.arange(10)[1:9:3]"), "torch.ones(1, 3).expand(2, 3)", ("tide.arange(5)[3]", "torch.arange(5)[2]"), "torch.tensor([1.0, 2.0]).unsqueeze(-1)",
    # not tensors
    "torch.zeros(2, 3).shape", "torch.zeros(0).shape", "torch.tensor(1).shape", "torch.zeros(1).shape", "torch.float32", "torch.bool", "torch.zeros(2).dtype",
]
SAMPLES = ["torch.arange(12) / 7", "torch.arange(40).reshape(4, 10) / 3", "torch.tensor([1e-6, 1.0])", "torch.tensor([1.0, 2.0])", "torch.tensor([[1e10, -1.5]])", "torch.arange(30)", "torch.tensor(3.14159265)", "torch.arange(1100).reshape(11, 100) / 16",
           "torch.ones(3, requires_grad=True) / 3", "torch.tensor([1.5, nan, -inf])", "torch.zeros(2, 0)"]
OPTIONS = ["precision=2", "precision=0", "precision=8", "precision=10, linewidth=40", "threshold=5", "threshold=0, edgeitems=1", "threshold=10, edgeitems=2", "edgeitems=0, threshold=5", "linewidth=20", "linewidth=200", "linewidth=5",
           "sci_mode=True", "sci_mode=False", "sci_mode=True, precision=2", 'profile="short"', 'profile="full"', 'profile="default"', 'profile="short", precision=6', "threshold=inf"]


def show(cases):
    for l, p in map(lua_of, cases):
        print(f"      {{{lua(l)}, {lua(str(eval(p)).replace('torch.', 'tide.'))}}},")


header("printing", "groups of {Lua expression, its text}; a group's options are set before it")
print("return {\n   {options = {},")
show(PLAIN)
print("   },")
for o in OPTIONS:
    torch.set_printoptions(profile="default")
    torch.set_printoptions(**eval(f"dict({o})"))
    print("   {options = {" + lua_of(f"f({o})")[0][2:-1].replace("inf", "1/0") + "},")
    show([s for s in SAMPLES if not ("full" in o or "inf" in o) or "1100" not in s] + (["torch.arange(1001)"] if "full" in o else []))
    print("   },")
torch.set_printoptions(profile="default")
torch.set_default_dtype(torch.float64)
print("   {options = {}, default = \"float64\",")
show(["torch.tensor([1.5])", "torch.ones(2, dtype=torch.float32)", "torch.ones(2, requires_grad=True) * 2", "torch.zeros(0)", "torch.zeros(0, dtype=torch.float32)", "torch.tensor(2)", "torch.arange(3) / 3"])
print("   },\n}")
