"""The name of the node that each operator leaves behind, and of the nodes below it along first inputs."""
from emit import torch, header, lua, lua_of

F = torch.nn.functional
VARIABLES = {   # float32 leaves that require grad, except n and i
    "x": ("tide.ones(2, 3, {requires_grad = true})", "torch.ones(2, 3, requires_grad=True)"),
    "v": ("tide.ones(3, {requires_grad = true})", "torch.ones(3, requires_grad=True)"),
    "m": ("tide.eye(3, {requires_grad = true})", "torch.eye(3, requires_grad=True)"),
    "b": ("tide.ones(2, 3, 3, {requires_grad = true})", "torch.ones(2, 3, 3, requires_grad=True)"),
    "s": ("tide.ones({}, {requires_grad = true})", "torch.ones([], requires_grad=True)"),
    "n": ("tide.ones(2, 3)", "torch.ones(2, 3)"),
    "i": ("tide.tensor{1, 2}", "torch.tensor([0, 1])"),
}
UNARY = """abs neg exp exp2 expm1 log log2 log10 log1p sqrt rsqrt reciprocal square sin cos tan asin acos atan sinh cosh tanh asinh acosh atanh
    floor ceil round trunc frac sign sigmoid relu sum mean prod std var max min amax amin norm clone t flatten squeeze detach double float""".split()
BINARY = "add sub mul div pow fmod remainder maximum minimum atan2".split()
CASES = [f"x.{f}()" for f in UNARY] + [f"x.{f}(n)" for f in BINARY] + [f"n.{f}(x)" for f in BINARY] + [f"x.{f}(2)" for f in BINARY if f not in ("maximum", "minimum", "atan2")]
CASES += ["x + x", "x + 2", "2 + x", "x - x", "x - 2", "2 - x", "x * x", "x * 2", "2 * x", "x / x", "x / 2", "2 / x", "x ** x", "x ** 2", "2 ** x", "-x", "x % 2", "x % n", "x ** 0.5", "x + s", "s * 2"]
CASES += ['torch.div(x, 2, rounding_mode="floor")', 'torch.div(x, n, rounding_mode="trunc")', "torch.add(x, n, alpha=2)", "torch.sub(x, n, alpha=2)", "x.clamp(0, 1)", "x.clamp(min=0)", "x.clamp(n, n)", 
          "torch.where(n > 0, x, n)", "torch.where(n > 0, x, 0.5)", "torch.lerp(x, n, 0.5)", "torch.lerp(x, n, n)", "torch.addcmul(n, x, x)", "torch.addcdiv(n, x, x)", "x.masked_fill(n > 0, 1)", "x.masked_select(n > 0)", "x.to(torch.float64)", "x.to(torch.float64).to(torch.float32)"]
CASES += ["F.gelu(x)", 'F.gelu(x, approximate="tanh")', "F.silu(x)", "F.softplus(x)", "F.leaky_relu(x)", "F.elu(x)", "F.relu(x)", "F.sigmoid(x)", "F.tanh(x)"]
D = lambda l, p: (l, p)         # where positions differ
CASES += [
    D("x:sum(1)", "x.sum(0)"), D("x:sum({1, 2})", "x.sum([0, 1])"), D("x:mean(1)", "x.mean(0)"), D("x:prod(1)", "x.prod(0)"), D("x:std(1)", "x.std(0)"), D("x:var(1)", "x.var(0)"), D("x:max(1)", "x.max(0)[0]"), D("x:min(1)", "x.min(0)[0]"), D("x:amax(1)", "x.amax(0)"), D("x:amin(1)", "x.amin(0)"),
    D("x:norm(2, 1)", "x.norm(2, 0)"), D("x:norm(1)", "x.norm(1)"), D("x:norm(inf)", "x.norm(float('inf'))"), D("x:logsumexp(1)", "x.logsumexp(0)"), D("x:cumsum(1)", "x.cumsum(0)"), D("x:cumprod(1)", "x.cumprod(0)"), D("x:softmax(1)", "x.softmax(0)"), D("x:log_softmax(1)", "x.log_softmax(0)"), D("F.softmax(x, 1)", "F.softmax(x, 0)"),
    D("x:sum{dtype = tide.float64}", "x.sum(dtype=torch.float64)"),
    # views
    "x.view(3, 2)", "x.view(-1)", "x.reshape(3, 2)", "x.reshape(-1)", D("x:t():reshape(-1)", "x.t().reshape(-1)"), D("x:flatten(1)", "x.flatten(0)"), D("x:squeeze(1)", "x.squeeze(0)"), D("x:squeeze({1, 2})", "x.squeeze([0, 1])"), D("x:unsqueeze(1)", "x.unsqueeze(0)"), D("x:transpose(1, 2)", "x.transpose(0, 1)"), D("x:permute(2, 1)", "x.permute(1, 0)"),
    ("x.T", "x.T"), ("x.mT", "x.mT"), ("b.mT", "b.mT"), ("x.H", "x.H"), ("x.data", "x.data"), D("b:movedim(1, 2)", "b.movedim(0, 1)"), "v.expand(2, 3)", "v.expand_as(n)", "v.broadcast_to([2, 3])", D("x:narrow(1, 1, 1)", "x.narrow(0, 0, 1)"), D("x:select(1, 1)", "x.select(0, 0)"),
    D("x:split(1)[1]", "x.split(1)[0]"), D("x:split({1, 1})[2]", "x.split([1, 1])[1]"), D("x:chunk(2)[1]", "x.chunk(2)[0]"), D("x:unbind()[2]", "x.unbind()[1]"), "m.diagonal()", D("b:diagonal(0, 2, 3)", "b.diagonal(0, 1, 2)"), "x.as_strided([2, 2], [1, 1])", D("v:unfold(1, 2, 1)", "v.unfold(0, 2, 1)"), "v.view(1, 3).squeeze()",
    # indexing
    D("x[1]", "x[0]"), D("x[{1, 2}]", "x[0, 1]"), D("x[{{}, {1, 2}}]", "x[:, 0:2]"), D("x[{{1, 1}}]", "x[0:1]"), D("x[{}]", "x[...]"), D("x[{'...', 1}]", "x[..., 0]"), D("x[tide.newaxis]", "x[None]"), D("x[{tide.newaxis, 1}]", "x[None, 0]"), D("x[i]", "x[i]"), D("x[{{}, i}]", "x[:, i]"), D("x[n:gt(0)]", "x[n > 0]"), D("x[{1, i}]", "x[0, i]"), D("x[{{}, {}}]", "x[:, :]"), D("x[{'...'}]", "x[...]"),
    # copies
    "torch.cat([x, n])", "torch.cat([n, x])", "torch.stack([x, x])", ('x["repeat"](x, 2, 1)', "x.repeat(2, 1)"), "x.tile(2)", D("x:flip(1)", "x.flip(0)"), D("x:roll(1, 1)", "x.roll(1, 0)"), "x.tril()", "x.triu(1)", D("x:t():contiguous()", "x.t().contiguous()"), "torch.zeros_like(x).copy_(x)",
    # gather and scatter
    D("x:gather(2, tide.tensor{{1}, {2}})", "x.gather(1, torch.tensor([[0], [1]]))"), D("n:scatter(1, tide.tensor{{1, 1, 1}}, x)", "n.scatter(0, torch.tensor([[0, 0, 0]]), x)"), D("x:scatter(1, tide.tensor{{1, 1, 1}}, 2)", "x.scatter(0, torch.tensor([[0, 0, 0]]), 2)"), D("n:scatter_add(1, tide.tensor{{1, 1, 1}}, x)", "n.scatter_add(0, torch.tensor([[0, 0, 0]]), x)"), D("x:index_select(1, i)", "x.index_select(0, i)"),
    D("n:index_add(1, i, x)", "n.index_add(0, i, x)"), D("x:take(i)", "x.take(i)"), D("x:sort()", "x.sort()[0]"), D("x:topk(1)", "x.topk(1)[0]"),
    # products
    "x.matmul(m)", "x.mm(m)", "m.mv(v)", "m.matmul(v)", "v.matmul(m)", "v.dot(v)", "v.matmul(v)", "torch.outer(v, v)", "b.bmm(b)", "b.matmul(m)", "b.matmul(b)", "b.matmul(v)", "m.matmul(b)", "torch.addmm(n, n, m)", "torch.addmm(x, n, m.detach(), beta=2)", 'torch.einsum("ij,jk->ik", x, m)', 'torch.einsum("ij->ji", x)', 'torch.einsum("i,i->", v, v)', 'torch.einsum("bij,bjk->bik", b, b)', 'torch.einsum("ii->i", m)', 'torch.einsum("ij->", x)', ("v[tide.newaxis]:matmul(m)", "v[None] @ m"),
    # losses
    D("F.cross_entropy(x, i)", "F.cross_entropy(x, i)"), D("F.nll_loss(x, i)", "F.nll_loss(x, i)"), "F.mse_loss(x, n)", D('F.mse_loss(x, n, {reduction = "none"})', 'F.mse_loss(x, n, reduction="none")'), D("F.cross_entropy(x, n:softmax(2))", "F.cross_entropy(x, n.softmax(1))"),
    # layers
    "F.dropout(x)", "F.dropout(x * 1, 0.5, True, True)", "F.dropout(x, 1)", "F.dropout(x, 0)", "F.alpha_dropout(x, 0.5, True)", D("F.embedding(i, x)", "F.embedding(i, x)"), D("F.glu(x, 1)", "F.glu(x, 0)"),
    "F.batch_norm(x, None, None, v, v, True)", "F.batch_norm(x, n[0], n[0].exp(), v)".replace("n[0]", "v.detach()"), "F.group_norm(x, 3, v, v)", D("F.layer_norm(x, {3}, v, v)", "F.layer_norm(x, [3], v, v)"),
    D("F.rms_norm(x, {3}, v)", "F.rms_norm(x, [3], v)"), D("F.rms_norm(x, {3})", "F.rms_norm(x, [3])"), "F.normalize(x)", "F.cosine_similarity(x, n)", "F.poisson_nll_loss(x, n)", "F.multilabel_soft_margin_loss(x, n)", "F.gumbel_softmax(x)",
    # in place on a tensor with history
    *[f"(x * 1).{f}" for f in ("add_(1)", "sub_(1)", "mul_(2)", "div_(2)", "pow_(2)", "neg_()", "exp_()", "relu_()", "sigmoid_()", "tanh_()", "sqrt_()", "clamp_(0, 1)", "zero_()", "fill_(3)", "copy_(n)", "masked_fill_(n > 0, 1)", "t_()", "unsqueeze_(0)", "squeeze_()", "floor_()", "round_()", "lerp_(n, 0.5)", "addcmul_(n, n)", "normal_()", "uniform_()", "bernoulli_(0.5)")],
    "n.clone().mul_(x)", "n.clone().copy_(x)", "n.clone().add_(x)", D("n:clone():index_add_(1, i, x)", "n.clone().index_add_(0, i, x)"), "x.detach()", "x.bernoulli()",
]
# Statements first, then the expression.
STATEMENTS = [
    ("local y = x * 1; y[1] = 5; return y", "y = x * 1; y[0] = 5", "y"), ("local y = x * 1; y[1] = v; return y", "y = x * 1; y[0] = v", "y"), ("local y = n:clone(); y[1] = v; return y", "y = n.clone(); y[0] = v", "y"), ("local y = x * 1; y[n:gt(0)] = 5; return y", "y = x * 1; y[n > 0] = 5", "y"), ("local y = x * 1; y[i] = n; return y", "y = x * 1; y[i] = n", "y"),
    ("local y = x * 1; local z = y[1]; z:mul_(2); return z", "y = x * 1; z = y[0]; z.mul_(2)", "z"), ("local y = x * 1; local z = y:view(-1); y:mul_(2); return z", "y = x * 1; z = y.view(-1); y.mul_(2)", "z"), ("local y = x * 1; local z = y[1]; y:mul_(2); return z", "y = x * 1; z = y[0]; y.mul_(2)", "z"), ("local y = x * 1; y:view(-1):mul_(2); return y", "y = x * 1; y.view(-1).mul_(2)", "y"),
    ("local y = x * 1; local z = y:t(); z:exp_(); return z", "y = x * 1; z = y.t(); z.exp_()", "z"), ("local y = x * 1; y[1]:zero_(); return y", "y = x * 1; y[0].zero_()", "y"), ("local y = x * 1; y[1]:copy_(v); return y", "y = x * 1; y[0].copy_(v)", "y"),
]


def env():
    torch.manual_seed(0)
    return {"torch": torch, "F": F, **{k: eval(p) for k, (l, p) in VARIABLES.items()}}


def chain(t):
    names, n = [], t.grad_fn
    while n is not None:
        names.append(type(n).__name__ if type(n).__name__ != "CppFunction" else n.name())
        n = n.next_functions[0][0] if n.next_functions else None
    return names or ["nil"]


def entry(l, t):
    names = chain(t)
    if "einsum" in l: names = names[:1]      # how it arranges the product is its own affair
    print(f"      {lua([l, names[0]] + ([' '.join(names)] if len(names) > 2 else []))},")


header("names", "the variables; then expression, name of its grad_fn, and the names along first inputs where there are more than a leaf's")
print("return {\n   variables = " + lua({k: l for k, (l, p) in VARIABLES.items()}) + ",\n   cases = {")
for case in CASES:
    l, p = lua_of(case)
    if case is p:       # comparisons have methods in Lua
        l = l.replace("n > 0", "n:gt(0)").replace("unsqueeze_(0)", "unsqueeze_(1)")
    t = eval(p, env())
    entry(l, t)
for l, statements, p in STATEMENTS:
    e = env()
    exec(statements, e)
    entry(l, e[p])
print("   },\n}")
