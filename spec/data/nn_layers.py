"""Modules and functions of torch.nn: how they print, the numbers of their first parameters after a seed, outputs and gradients (spec/nn_layers_spec.lua).

Inputs are made on both sides by the same formula: X(2, 3) floats that take part in the gradient, T floats that do not, P(5, 2, 3) positions up to 5, S signs, U numbers in (0, 1), D positive floats.
"""
from emit import torch, header, lua, lua_of
import re, struct, warnings
warnings.simplefilter("ignore")
nn, F = torch.nn, torch.nn.functional


class Maker:
    "Tensors of fixed values: element i of the k-th one, made of s = ((i + 7 k) 37 + 11) mod 97."
    def __init__(self, dtype):
        self.dtype, self.k, self.inputs = dtype, -1, []
        self.names = {n: getattr(self, n) for n in "X T P S U D".split()} | {"torch": torch, "nn": nn, "F": F}

    def fill(self, value, sizes, dtype=None):
        self.k += 1
        n = 1
        for s in sizes: n *= s
        return torch.tensor([value(((i + 7 * self.k) * 37 + 11) % 97, i) for i in range(n)], dtype=dtype or self.dtype).reshape(sizes)

    def X(self, *sizes):
        x = self.fill(lambda s, i: (s - 48) / 16 + 0.0137, sizes).requires_grad_()
        self.inputs.append(x)
        return x * 1
    def T(self, *sizes): return self.fill(lambda s, i: (s - 48) / 16 + 0.0137, sizes)
    def D(self, *sizes): return self.fill(lambda s, i: (s + 5) / 32, sizes)
    def U(self, *sizes): return self.fill(lambda s, i: (s + 1) / 99, sizes)
    def S(self, *sizes): return self.fill(lambda s, i: s % 2 * 2 - 1, sizes)
    def P(self, size, *sizes): return self.fill(lambda s, i: s % size, sizes, torch.int64)


def text(t):
    "As emit.py's, with the digits that the spec looks at."
    digits = {torch.float64: "%.13g", torch.float32: "%.7g"}.get(t.dtype, "%d")
    return f"{str(t.dtype)[6:]}[{','.join(map(str, t.shape))}] " + " ".join("nan" if v != v else digits % v for v in t.detach().flatten().tolist())


def reset(module, dtype):
    "Every parameter gets numbers by the formula of inputs, from the 31st maker on."
    m = Maker(dtype)
    m.k = 30
    with torch.no_grad():
        for p in module.parameters(): p.copy_(m.fill(lambda s, i: (s - 48) / 64, p.shape))


def gradients(maker, module, y):
    ramp = Maker(maker.dtype)
    ramp.k = 50
    leaves = maker.inputs + ([p for p in module.parameters() if p.requires_grad] if module else [])
    if not y.requires_grad: return []
    grads = torch.autograd.grad((y * ramp.fill(lambda s, i: (s - 40) / 64, y.shape)).sum(), leaves, allow_unused=True)
    return [text(torch.zeros_like(x) if g is None else g) for g, x in zip(grads, leaves)]


def run(code, inputs, dtype, training=True):
    "What a module or function gives: the text of the output, of all gradients, and of buffers afterwards."
    maker = Maker(dtype)
    torch.set_default_dtype(dtype)
    try:
        module = None
        if inputs is None:
            torch.manual_seed(1)
            y = eval(code, maker.names)
        else:
            module = eval(code, maker.names)
            reset(module, dtype)
            module.train(training)
            args = [eval(i, maker.names) for i in inputs]
            torch.manual_seed(1)
            y = module(*args)
        out = [text(y)] + gradients(maker, module, y)
        if module: out += [text(b) for b in module.buffers()]
        return out
    finally:
        torch.set_default_dtype(torch.float32)


def bits(t):
    word = lambda v: struct.pack(">f", v).hex() if t.is_floating_point() else str(v)
    return f"{str(t.dtype)[6:]}[{','.join(map(str, t.shape))}] " + " ".join(map(word, t.detach().flatten().tolist()))


def shape_text(s): return re.sub(r"torch\.", "tide.", s)


def print_module(code, inputs, shown=None, tolerance=None):
    """shown: the line as tide prints it, where a position in it is one higher. tolerance: of float64, where PyTorch computes with constants in float32."""
    l, p = lua_of(code)
    torch.manual_seed(0)
    m = eval(p, Maker(torch.float32).names)
    print(f"      {{{lua(l)}, {{{', '.join(lua(lua_of(i)[0]) for i in inputs)}}}, repr = {lua(shown or shape_text(repr(m)))},")
    state = m.state_dict()
    if state: print("         state = {" + ", ".join(f"{{{lua(k)}, {lua(bits(v))}}}" for k, v in state.items()) + "},")
    ins = [lua_of(i)[1] for i in inputs]
    train, evaluated = run(p, ins, torch.float64), run(p, ins, torch.float64, False)
    print(f"         train = {lua(train)},")
    if evaluated != train: print(f"         eval = {lua(evaluated)},")
    if tolerance: print(f"         tolerance = {lua(tolerance)},")
    print(f"         float32 = {lua(run(p, ins, torch.float32))},\n      }},")


def print_call(code):
    l, p = lua_of(code)
    print(f"      {{{lua(l)}, {lua(run(p, None, torch.float64))}, float32 = {lua(run(p, None, torch.float32))}}},")


MODULES = []
def module(code, *inputs, **more): MODULES.append((code, inputs, more))

ACTIVATIONS = """ReLU() ReLU(True) ReLU6() ReLU6(True) LeakyReLU() LeakyReLU(0.2,True) ELU() ELU(0.5) ELU(1.5,True) SELU() SELU(True) CELU() CELU(2.0,True) GELU() GELU("tanh") SiLU() SiLU(True) Mish()
Mish(True) Softplus() Softplus(2.0,1.0) Softsign() Tanh() Tanhshrink() Sigmoid() LogSigmoid() Hardsigmoid() Hardsigmoid(True) Hardswish() Hardswish(True) Hardtanh() Hardtanh(-2.0,0.5,True)
Hardshrink() Hardshrink(1.0) Softshrink() Softshrink(1e-05) Threshold(0.1,20) Threshold(-1.0,0.5,True) RReLU() RReLU(0.25,0.75,True) PReLU() PReLU(3) GLU() Softmax2d() Identity() Softmax() Softmin() LogSoftmax()"""
for a in ACTIVATIONS.split(): module("nn." + a, "X(2, 3, 4)" if a != "Softmax2d()" else "X(2, 3, 2, 2)", tolerance=1e-7 if "Hardsig" in a else None)
for name in ("Softmax", "Softmin", "LogSoftmax"): module((f"nn.{name}(2)", f"nn.{name}(1)"), "X(3, 4)", shown=f"{name}(dim=2)")
module(("nn.GLU(1)", "nn.GLU(0)"), "X(4, 3)", shown="GLU(dim=1)")
for a in ("ReLU()", "LeakyReLU(0.5)", "Tanh()", "Softmax(-1)"): module("nn." + a, "X()" if "Soft" not in a else "X(5)")

module("nn.Linear(3, 2)", "X(4, 3)")
module("nn.Linear(3, 2, False)", "X(3)")
module("nn.Linear(40, 7)", "X(2, 1, 40)")
module("nn.Bilinear(3, 4, 2)", "X(5, 3)", "X(5, 4)")
module("nn.Bilinear(3, 4, 2, False)", "X(2, 2, 3)", "X(2, 2, 4)")
module("nn.Flatten()", "X(2, 3, 4)", shown="Flatten(start_dim=2, end_dim=-1)")
module(("nn.Flatten(1, 2)", "nn.Flatten(0, 1)"), "X(2, 3, 4)", shown="Flatten(start_dim=1, end_dim=2)")
module(("nn.Unflatten(2, {2, 3})", "nn.Unflatten(1, (2, 3))"), "X(4, 6)", shown="Unflatten(dim=2, unflattened_size=(2, 3))")
at = ("P(5, 2, 3)", "P(5, 2, 3)")
module("nn.Embedding(5, 3)", at)
module(("nn.Embedding(5, 3, {padding_idx = 2})", "nn.Embedding(5, 3, padding_idx=1)"), at, shown="Embedding(5, 3, padding_idx=2)")
module(("nn.Embedding(5, 3, -1)", "nn.Embedding(5, 3, -1)"), at, shown="Embedding(5, 3, padding_idx=5)")
module("nn.Embedding(5, 3, max_norm=0.5)".replace("5, 3, ", "5, 3, None, ").replace("max_norm=", ""), ("P(3, 4)", "P(3, 4)"))
module(("nn.Embedding(3, 2, {max_norm = 0.5, norm_type = 1.0, scale_grad_by_freq = true})", "nn.Embedding(3, 2, max_norm=0.5, norm_type=1.0, scale_grad_by_freq=True)"), "P(3, 7)")
module(("nn.Embedding.from_pretrained(T(5, 3))", "nn.Embedding.from_pretrained(T(5, 3))"), at)
module(("nn.Embedding.from_pretrained(T(5, 3), false, 1)", "nn.Embedding.from_pretrained(T(5, 3), False, 0)"), at, shown="Embedding(5, 3, padding_idx=1)")
for a in ("Dropout()", "Dropout(0.2)", "Dropout(p=0)", "Dropout(1)", "Dropout(0.5, True)", "AlphaDropout(0.3)", "FeatureAlphaDropout(0.5)", "Dropout1d()", "Dropout2d(0.3, True)", "Dropout3d()"):
    module("nn." + a, "X(3, 5, 2, 2)" if "2d" in a or "3d" in a else "X(3, 5, 4)")
module("nn.Dropout1d(0.5)", "X(6, 3)")
module("nn.CosineSimilarity()", "X(3, 4)", "X(3, 4)")
module(("nn.CosineSimilarity(1, 1e-3)", "nn.CosineSimilarity(0, 1e-3)"), "X(3, 4)", "X(4)")
module("nn.PairwiseDistance()", "X(3, 4)", "X(3, 4)")
module("nn.PairwiseDistance(1.0, 1e-3, True)", "X(3, 4)", "X(3, 4)")

module("nn.LayerNorm(4)", "X(3, 4)")
module(("nn.LayerNorm({3, 4}, {eps = 0.1})", "nn.LayerNorm([3, 4], eps=0.1)"), "X(2, 3, 4)")
module("nn.LayerNorm(4, 1e-05, True, False)", "X(2, 3, 4)")
module(("nn.LayerNorm(4, {elementwise_affine = false})", "nn.LayerNorm(4, elementwise_affine=False)"), "X(3, 4)")
module("nn.RMSNorm(4)", "X(3, 4)")
module(("nn.RMSNorm({3, 4}, 0.1)", "nn.RMSNorm([3, 4], 0.1)"), "X(2, 3, 4)")
module("nn.RMSNorm(4, None, False)", "X(3, 4)")
module("nn.GroupNorm(2, 4)", "X(3, 4, 5)")
module("nn.GroupNorm(2, 6, 0.1)", "X(2, 6)")
module("nn.GroupNorm(3, 6, 1e-05, False)", "X(2, 6, 2, 3)")
module("nn.BatchNorm1d(3)", "X(5, 3)")
module(("nn.BatchNorm1d(3, 0.1, false)", "nn.BatchNorm1d(3, 0.1, None)"), "X(5, 3, 2)")
module("nn.BatchNorm1d(3, 1e-05, 0.3, False)", "X(4, 3)")
module(("nn.BatchNorm1d(3, {track_running_stats = false})", "nn.BatchNorm1d(3, track_running_stats=False)"), "X(4, 3)")
module("nn.BatchNorm1d(20)", "X(33, 20)")
module("nn.BatchNorm2d(3)", "X(2, 3, 2, 4)")
module("nn.BatchNorm3d(2)", "X(2, 2, 2, 1, 3)")
module("nn.InstanceNorm1d(3)", "X(2, 3, 5)")
module("nn.InstanceNorm1d(3, 0.1, 0.3, True, True)", "X(2, 3, 5)")
module("nn.InstanceNorm2d(2)", "X(2, 3, 4)")
module("nn.InstanceNorm3d(2, 0.1, 0.1, True)", "X(3, 2, 2, 1, 3)")

def losses(name, inputs, options=()):
    for r in ("mean", "sum", "none"):
        for o in ("",) + tuple(o + ", " for o in options):
            keywords = o.replace("=", " = ").replace("True", "true").replace("False", "false")
            module((f'nn.{name}{{{keywords}reduction = "{r}"}}', f'nn.{name}({o}reduction="{r}")'), *inputs)
pair, same = ("X(3, 4)", "X(3, 4)"), ("X(3, 4)", "T(3, 4)")
losses("MSELoss", pair)
losses("L1Loss", pair)
losses("SmoothL1Loss", pair, ["beta=0.5"])
losses("HuberLoss", pair, ["delta=0.5"])
classes = "P(4, 3)"
losses("CrossEntropyLoss", ("X(3, 4)", classes), ["weight=U(4)", "label_smoothing=0.1", "weight=U(4), label_smoothing=0.3"])
losses("CrossEntropyLoss", ("X(2, 4, 3)", "P(4, 2, 3)"), ["weight=U(4), label_smoothing=0.3"])
losses("CrossEntropyLoss", ("X(3, 4)", "U(3, 4)"), ["weight=U(4), label_smoothing=0.3"])
losses("NLLLoss", ("X(3, 4)", classes), ["weight=U(4)"])
for r in ("mean", "sum", "none"):
    for name, more in (("NLLLoss", ""), ("CrossEntropyLoss", ""), ("CrossEntropyLoss", ", label_smoothing=0.2")):
        module((f'nn.{name}({{ignore_index = 2, reduction = "{r}"{more.replace("=", " = ")}}})', f'nn.{name}(ignore_index=1, reduction="{r}"{more})'), "X(7, 4)", "P(4, 7)")
losses("BCELoss", ("X(3, 4).sigmoid()", "U(3, 4)"), ["weight=D(4)"])
losses("BCEWithLogitsLoss", ("X(3, 4)", "U(3, 4)"), ["weight=D(4)", "pos_weight=D(4)", "weight=D(3, 1), pos_weight=D(4)"])
losses("KLDivLoss", ("X(3, 4).log_softmax(-1)", "U(3, 4)"), ["log_target=True"])
module('nn.KLDivLoss(reduction="batchmean")', "X(3, 4).log_softmax(-1)", "U(3, 4)")
losses("PoissonNLLLoss", ("X(3, 4)", "D(3, 4)"), ["full=True"])
losses("PoissonNLLLoss", ("X(3, 4).exp()", "D(3, 4)"), ["log_input=False", "log_input=False, full=True, eps=0.001"])
losses("GaussianNLLLoss", ("X(3, 4)", "T(3, 4)", "X(3, 4).abs()"), ["full=True", "eps=1.0"])
losses("GaussianNLLLoss", ("X(3, 4)", "T(3, 4)", "X(3).abs()"))
losses("GaussianNLLLoss", ("X(3, 4)", "T(3, 4)", "X(3, 1).abs()"))
losses("CosineEmbeddingLoss", ("X(5, 4)", "X(5, 4)", "S(5)"), ["margin=0.2"])
losses("MarginRankingLoss", ("X(3, 4)", "X(3, 4)", "S(3, 4)"), ["margin=0.7"])
losses("HingeEmbeddingLoss", ("X(3, 4)", "S(3, 4)"), ["margin=0.7"])
losses("SoftMarginLoss", ("X(3, 4)", "S(3, 4)"))
losses("MultiLabelSoftMarginLoss", ("X(3, 4)", "U(3, 4)"), ["weight=D(4)"])
three = ("X(3, 4)", "X(3, 4)", "X(3, 4)")
losses("TripletMarginLoss", three, ["margin=2.5, p=1.0, swap=True", "eps=0.5"])
losses("TripletMarginWithDistanceLoss", three, ["swap=True, margin=2.5"])
module(("nn.TripletMarginWithDistanceLoss{distance_function = function(a, b) return 1 - F.cosine_similarity(a, b) end}",
        "nn.TripletMarginWithDistanceLoss(distance_function=lambda a, b: 1 - F.cosine_similarity(a, b))"), *three)

CALLS = [
    "F.relu(X(3, 4), True)", "F.relu_(X(3, 4))", "F.selu_(X(3, 4))", "F.elu_(X(3, 4), 0.5)", "F.celu_(X(3, 4), 0.5)", "F.leaky_relu_(X(3, 4), 0.2)", "F.hardtanh_(X(3, 4), -0.5, 0.7)",
    "F.threshold_(X(3, 4), 0.5, 2.0)", ("F.rrelu(X(3, 4), {training = true})", "F.rrelu(X(3, 4), training=True)"), ("F.rrelu_(X(30), 0.1, 0.9, true)", "F.rrelu_(X(30), 0.1, 0.9, True)"),
    "F.glu(X(3, 4))", ("F.glu(X(4, 3), 1)", "F.glu(X(4, 3), 0)"),
    "F.gumbel_softmax(X(3, 4))", "F.gumbel_softmax(X(3, 4), 0.5, True)", ("F.gumbel_softmax(X(4, 3), {dim = 1, tau = 2.0})", "F.gumbel_softmax(X(4, 3), dim=0, tau=2.0)"),
    "F.normalize(X(3, 4))", ("F.normalize(X(3, 4), 1.0, 1)", "F.normalize(X(3, 4), 1.0, 0)"), ("F.normalize(X(3, 4), {p = 3.0, eps = 20})", "F.normalize(X(3, 4), p=3.0, eps=20)"),
    ("F.normalize(X(2, 3, 4), 2.0, {2, 3})", "F.normalize(X(2, 3, 4), 2.0, (1, 2))"),
    "F.cosine_similarity(X(3, 4), X(3, 4))", ("F.cosine_similarity(X(3, 4), X(4), 1, 30)", "F.cosine_similarity(X(3, 4), X(4), 0, 30)"), "F.pairwise_distance(X(3, 4), X(4))",
    "F.pairwise_distance(X(3, 4), X(3, 4), 3.0, 1e-3, True)", "F.one_hot(P(4, 2, 3))", "F.one_hot(P(3, 5), 6)",
    "F.dropout(X(3, 4))", ("F.dropout(X(3, 4), {training = false})", "F.dropout(X(3, 4), training=False)"), "F.alpha_dropout(X(3, 4), 0.3)", "F.alpha_dropout(X(3, 4), 0.3, True, True)",
    "F.dropout1d(X(6, 4), 0.5, True, True)", "F.dropout2d(X(3, 4, 2, 2), 0.5)", "F.feature_alpha_dropout(X(3, 4, 2), 0.5, True)",
    ("F.embedding(P(5, 3), X(5, 2), 2)", "F.embedding(P(5, 3), X(5, 2), 1)"), ("F.embedding(P(3, 8), X(3, 2), {scale_grad_by_freq = true, padding_idx = 1})", "F.embedding(P(3, 8), X(3, 2), scale_grad_by_freq=True, padding_idx=0)"),
    ("F.layer_norm(X(3, 4), {4}, X(4), X(4), 0.1)", "F.layer_norm(X(3, 4), [4], X(4), X(4), 0.1)"), ("F.layer_norm(X(3, 4), {3, 4})", "F.layer_norm(X(3, 4), [3, 4])"),
    ("F.rms_norm(X(3, 4), {4}, X(4), 0.1)", "F.rms_norm(X(3, 4), [4], X(4), 0.1)"), ("F.rms_norm(X(3, 4), {3, 4})", "F.rms_norm(X(3, 4), [3, 4])"),
    "F.group_norm(X(3, 4, 2), 2, X(4), X(4), 0.1)", "F.group_norm(X(3, 4), 1)",
    "F.batch_norm(X(3, 4), T(4), D(4))", "F.batch_norm(X(3, 4), T(4), D(4), X(4), X(4))", "F.batch_norm(X(3, 4, 2), None, None, X(4), None, True)", "F.batch_norm(X(3, 4), T(4), D(4), X(4), X(4), True, 0.3, 0.1)",
    "F.instance_norm(X(3, 4, 2))", "F.instance_norm(X(3, 4, 2), T(4), D(4), X(4), X(4), False)",
]


def main():
    header("nn_layers", "constructor, inputs, how it prints, its state after seed 0 (bits), then texts of output, gradients (inputs, parameters), buffers")
    print("return {\n   modules = {")
    for code, inputs, more in MODULES: print_module(code, inputs, **more)
    print("   },\n   calls = {")
    for c in CALLS: print_call(c)
    print("   },\n}")


if __name__ == "__main__": main()
