"""PyTorch's side of draws.lua; and, for the caller, what draws the recipes."""

POSITIVE = {"log", "log1p", "sqrt", "rsqrt", "reciprocal", "pow", "div"}
UNARY = "exp log tanh sigmoid sqrt rsqrt reciprocal sin cos erf relu abs neg square floor log1p expm1 sign gelu silu".split()
BINARY = "add sub mul div maximum minimum pow gt eq".split()
ALONG = "sum mean amax var std cumsum softmax log_softmax logsumexp argmax".split()
MOVING = "contiguous cat flip index_select where masked_fill".split()
WHOLE = "abs neg add sub mul maximum minimum gt eq sum amax cumsum total contiguous cat flip index_select where".split()   # for integers
SMOOTH = set("exp log tanh sigmoid sqrt sin relu gelu silu add sub mul div sum mean var softmax log_softmax logsumexp cumsum matmul cat where".split())


def recipe(random):
    """A line for `draw`. From a hundred elements to three million, in one to four dimensions."""
    dtype = random.choice(["float32"] * 5 + ["float64"] * 2 + ["int64", "int32"])
    floats = dtype.startswith("float")
    kind = random.choice([UNARY, UNARY, BINARY, BINARY, ALONG, ALONG, ["total"], MOVING, ["matmul"]])
    name = random.choice(kind if floats else [n for n in kind if n in WHOLE] or WHOLE)
    if name == "matmul":
        return product(random, dtype)
    sizes, left = [], 10 ** random.uniform(2, 6.5)
    for _ in range(random.randint(0, 3)):
        sizes.append(max(1, round(left ** random.uniform(0.1, 0.6))))
        left = max(1, left / sizes[-1])
    sizes.append(max(1, round(left)))
    random.shuffle(sizes)
    layouts = ["plain", "plain", "strided", "offset"] + (["transposed", "transposed"] if len(sizes) > 1 else [])
    layout = random.choice(layouts if name != "contiguous" else layouts[2:])
    words = [name, dtype, "x".join(map(str, sizes)), layout]
    if name in BINARY:
        words.append("other=" + random.choice(["same", "row", "column"] + (["number"] if name not in ("maximum", "minimum") else []) +
                                              (["transposed"] if len(sizes) > 1 else [])))
    if name in ALONG or name in ("cat", "flip", "index_select"):
        dim = random.randint(1, len(sizes))
        words.append("dim=%d" % dim)
        if name == "index_select":
            words.append("count=%d" % random.randint(1, 2 * sizes[dim - 1]))
    if floats and name in SMOOTH and random.random() < 0.3:
        words.append("backward")
    return " ".join(words)


def product(random, dtype):
    dtype = dtype if dtype.startswith("float") else "float32"
    rows, inner, columns = (round(2 ** random.uniform(2, 9)) for _ in range(3))
    batch = [random.randint(1, 32)] if random.random() < 0.3 else []
    words = ["matmul", dtype, "x".join(map(str, batch + [rows, inner])), random.choice(["plain", "transposed"]),
             "columns=%d" % columns, "other=" + random.choice(["plain", "transposed"])]
    return " ".join(words + (["backward"] if random.random() < 0.3 else []))


def parse(line):
    d, words = {"backward": False}, []
    for word in line.split():
        key, equals, value = word.partition("=")
        if equals:
            d[key] = int(value) if value.isdigit() else value
        elif word == "backward":
            d["backward"] = True
        else:
            words.append(word)
    d["operator"], d["dtype"], d["layout"] = words[0], words[1], words[3]
    d["sizes"] = [int(s) for s in words[2].split("x")]
    return d


def draw(line):
    import torch
    import torch.nn.functional as F
    d = parse(line)
    dtype, name = getattr(torch, d["dtype"]), d["operator"]

    def fill(sizes):
        if not d["dtype"].startswith("float"):
            return torch.randint(-50, 50, sizes, dtype=dtype)
        x = torch.randn(sizes, dtype=dtype)
        return x.abs() + 0.5 if name in POSITIVE else x

    def make(sizes, layout):
        s = list(sizes)
        if layout == "transposed":
            s[-2], s[-1] = s[-1], s[-2]
            return fill(s).transpose(-2, -1)
        if layout == "strided":
            s[-1] *= 2
            return fill(s)[..., ::2]
        if layout == "offset":
            s[0] += 1
            return fill(s).narrow(0, 1, sizes[0])
        return fill(s)

    sizes = d["sizes"]
    x = make(sizes, d["layout"])
    if d["backward"]:
        x = x.detach().requires_grad_()
    dim = d.get("dim", 1) - 1
    if name in ("gelu", "silu"):
        function = getattr(F, name)

        def f():
            return function(x)
    elif name in UNARY:
        method = getattr(torch.Tensor, name)

        def f():
            return method(x)
    elif name in BINARY:
        other = {"row": sizes[-1:], "column": sizes[:-1] + [1]}.get(d["other"], sizes)
        y = 3 if d["other"] == "number" else make(other, "transposed" if d["other"] == "transposed" else "plain")
        method = getattr(torch.Tensor, name)

        def f():
            return method(x, y)
    elif name in ALONG:
        method = getattr(torch.Tensor, name)

        def f():
            return method(x, dim)
    elif name == "total":
        def f():
            return x.sum()
    elif name == "contiguous":
        def f():
            return x.contiguous()
    elif name == "cat":
        y = make(sizes, "plain")

        def f():
            return torch.cat((x, y), dim)
    elif name == "flip":
        def f():
            return x.flip((dim,))
    elif name == "index_select":
        positions = torch.randint(1, sizes[dim] + 1, (d["count"],)) - 1

        def f():
            return x.index_select(dim, positions)
    elif name == "where":
        y, condition = make(sizes, "plain"), torch.randn(sizes) > 0

        def f():
            return torch.where(condition, x, y)
    elif name == "masked_fill":
        mask = torch.randn(sizes) > 0

        def f():
            return x.masked_fill(mask, 0.5)
    elif name == "matmul":
        y = make(sizes[:-2] + [sizes[-1], d["columns"]], d["other"])

        def f():
            return x.matmul(y)
    if not d["backward"]:
        return f

    def run():
        x.grad = None
        f().sum().backward()
        return x.grad
    return run
