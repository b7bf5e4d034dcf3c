"""Optimisers: parameters after some of 25 steps with given gradients, and their states; losses of L-BFGS; learning rates of schedules over 50 steps."""
import warnings
from emit import torch, header, lua, lua_of

warnings.simplefilter("ignore")
optim, S = torch.optim, torch.optim.lr_scheduler
STEPS = 25

RULES = {
    "SGD": ["lr=0.1", "lr=0.1, momentum=0.9", "lr=0.1, momentum=0.9, dampening=0.3", "lr=0.1, momentum=0.9, nesterov=True", "lr=0.1, weight_decay=0.03, maximize=True",
            "lr=0.1, momentum=0.5, weight_decay=0.03, dampening=0.1", "lr=0.1, momentum=0.7, weight_decay=0.01, nesterov=True, maximize=True"],
    "Adam": ["", "lr=0.01, amsgrad=True", "lr=0.01, weight_decay=0.1", "lr=0.01, maximize=True, eps=0.001", "lr=0.01, weight_decay=0.1, decoupled_weight_decay=True, amsgrad=True", "lr=0.01, betas=(0.3, 0.6)"],
    "AdamW": ["", "lr=0.01, weight_decay=0.2, amsgrad=True, maximize=True"],
    "RMSprop": ["", "lr=0.01, momentum=0.9", "lr=0.01, centered=True, alpha=0.9", "lr=0.01, centered=True, momentum=0.5, weight_decay=0.1", "lr=0.01, maximize=True, alpha=0.4, centered=True"],
    "Adagrad": ["", "lr=0.1, lr_decay=0.05, weight_decay=0.1", "lr=0.1, initial_accumulator_value=0.5, maximize=True"],
    "Adamax": ["", "lr=0.01, weight_decay=0.1, betas=(0.8, 0.99)", "maximize=True"],
    "NAdam": ["", "lr=0.01, weight_decay=0.1", "lr=0.01, weight_decay=0.1, decoupled_weight_decay=True, momentum_decay=0.02", "maximize=True"],
    "RAdam": ["", "lr=0.01, weight_decay=0.1, betas=(0.8, 0.9)", "lr=0.01, weight_decay=0.1, decoupled_weight_decay=True", "maximize=True"],
}
SHAPES = [(2, 4), (4,), (), (2, 3)]                      # the last one is used transposed


def numbers(n, k, dtype): return ((torch.arange(n) * 37 + k * 11 + 5) % 97 - 48).to(dtype) / 16


def parameters(dtype):
    all = [numbers(max(1, torch.Size(s).numel()), 50 + k, dtype).reshape(s) for k, s in enumerate(SHAPES)]
    all[3] = all[3].t()
    return [p.requires_grad_() for p in all]


def gradients(params, step):
    "That of the second is absent in every third step, that of the third is 0 in the first two."
    for k, p in enumerate(params):
        p.grad = numbers(p.numel(), 7 * step + k, p.dtype).reshape(p.shape)
        if k == 1 and step % 3 == 0: p.grad = None
        if k == 2 and step <= 2: p.grad.zero_()


def values(t): return t.detach().flatten().tolist()


def lua_options(options):
    return "{" + ", ".join(o.replace("=", " = ") for o in options.split(", ")).replace("(", "{").replace(")", "}").replace("True", "true") + "}"


def rule(name, options, dtype):
    params = parameters(dtype)
    opt = eval(f"optim.{name}(params, {options})")
    after = {}
    for step in range(1, STEPS + 1):
        gradients(params, step)
        opt.step()
        if step in (1, STEPS): after[step] = [values(p) for p in params]
    state = [{k: values(v) for k, v in opt.state[p].items() if v is not None} if p in opt.state else {} for p in params]
    return [name, lua_options(options) if options else "{}", str(dtype)[6:], after[1], after[STEPS], [0] if dtype == torch.float32 else state]


def rosenbrock(dtype):
    x = torch.tensor([-1.5, 2.0, 0.5], dtype=dtype, requires_grad=True)
    return [x], lambda: (100 * (x[1:] - x[:-1] ** 2) ** 2 + (1 - x[:-1]) ** 2).sum()


def fit(dtype):
    w, b = numbers(6, 3, dtype).reshape(3, 2).requires_grad_(), torch.zeros(2, dtype=dtype, requires_grad=True)
    x, y = numbers(30, 0, dtype).reshape(10, 3) / 4, numbers(20, 9, dtype).reshape(10, 2) / 4
    return [w, b], lambda: ((x @ w + b).tanh() - y).square().mean()


def squares(dtype):
    w, x, y = torch.zeros(3, dtype=dtype, requires_grad=True), numbers(30, 0, dtype).reshape(10, 3) / 4, numbers(10, 9, dtype) / 4
    return [w], lambda: ((x @ w - y) ** 2).mean()


def wall(dtype):
    x = torch.tensor([-1.5, 0.2, 0.5], dtype=dtype, requires_grad=True)
    return [x], lambda: (torch.nn.functional.softplus(60 * (x - 1)) - 0.9 * x).sum() + 0.01 * (x ** 2).sum()


LBFGS = [("rosenbrock", "lr=0.001, max_iter=3", 20), ("rosenbrock", "line_search_fn='strong_wolfe', max_iter=4", 20), ("rosenbrock", "line_search_fn='strong_wolfe', history_size=2, max_iter=5, max_eval=7", 12),
         ("wall", "line_search_fn='strong_wolfe', max_iter=4", 4), ("squares", "lr=0.2, max_iter=2", 20), ("fit", "line_search_fn='strong_wolfe', max_iter=2", 20), ("fit", "line_search_fn='strong_wolfe', history_size=3", 5)]


def lbfgs(problem, options, steps, dtype):
    params, f = globals()[problem](dtype)
    opt = eval(f"optim.LBFGS(params, {options})")

    def closure():
        opt.zero_grad()
        loss = f()
        loss.backward()
        return loss
    losses = [opt.step(closure).item() for _ in range(steps)]
    s = opt.state[params[0]]
    return [problem, lua_options(options), str(dtype)[6:], losses, [values(p) for p in params], s["func_evals"], s["n_iter"], len(s["old_dirs"])]


SCHEDULES = [
    *[(f"S.StepLR(opt, {o})",) for o in ("7", "5, gamma=0.3")], *[(f"S.ExponentialLR(opt, {g})",) for g in ("0.9", "0.977")], ("S.MultiStepLR(opt, [3, 8, 8, 30], gamma=0.4)",),
    ("S.ConstantLR(opt)",), ("S.ConstantLR(opt, factor=0.7, total_iters=11)",), ("S.LinearLR(opt)",), ("S.LinearLR(opt, start_factor=0.9, end_factor=0.1, total_iters=33)",),
    ("S.PolynomialLR(opt, 20, power=2.5)",), ("S.PolynomialLR(opt)",), ("S.CosineAnnealingLR(opt, 13)",), ("S.CosineAnnealingLR(opt, 50, eta_min=0.001)",), ("S.CosineAnnealingLR(opt, 7, 0.02)",),
    ("S.CosineAnnealingWarmRestarts(opt, 6)",), ("S.CosineAnnealingWarmRestarts(opt, 5, T_mult=2, eta_min=0.01)",),
    ("S.LambdaLR(opt, function(e) return 0.95 ^ e end)", "S.LambdaLR(opt, lambda e: 0.95 ** e)"), ("S.LambdaLR(opt, {function(e) return 1 / (e + 1) end, function(e) return e end})", "S.LambdaLR(opt, [lambda e: 1 / (e + 1), lambda e: e])"),
    ("S.MultiplicativeLR(opt, function(e) return 1 - 1 / (e + 2) end)", "S.MultiplicativeLR(opt, lambda e: 1 - 1 / (e + 2))"),
    ("S.OneCycleLR(opt, 0.4, total_steps=60)",), ("S.OneCycleLR(opt, 0.4, epochs=6, steps_per_epoch=10, pct_start=0.4, three_phase=True, anneal_strategy='linear', div_factor=10)",),
    ("S.OneCycleLR(opt, {0.4, 0.2}, {total_steps = 50, max_momentum = {0.9, 0.8}, base_momentum = 0.5, final_div_factor = 100})", "S.OneCycleLR(opt, [0.4, 0.2], total_steps=50, max_momentum=[0.9, 0.8], base_momentum=0.5, final_div_factor=100)"),
    ("S.SequentialLR(opt, {S.ConstantLR(opt, 0.1, 2), S.ExponentialLR(opt, 0.9), S.CosineAnnealingLR(opt, 10)}, {4, 20})", "S.SequentialLR(opt, [S.ConstantLR(opt, 0.1, 2), S.ExponentialLR(opt, 0.9), S.CosineAnnealingLR(opt, 10)], [4, 20])"),
    ("S.SequentialLR(opt, {S.LinearLR(opt, 0.1, 1, 10), S.StepLR(opt, 6, 0.5)}, {10})", "S.SequentialLR(opt, [S.LinearLR(opt, 0.1, 1, 10), S.StepLR(opt, 6, 0.5)], [10])"),
    ("S.SequentialLR(opt, {S.SequentialLR(opt, {S.PolynomialLR(opt, 9), S.MultiStepLR(opt, {5})}, {9}), S.LambdaLR(opt, function(e) return e / 5 end)}, {20})",
     "S.SequentialLR(opt, [S.SequentialLR(opt, [S.PolynomialLR(opt, 9), S.MultiStepLR(opt, [5])], [9]), S.LambdaLR(opt, lambda e: e / 5)], [20])"),
    ("S.ChainedScheduler{S.ConstantLR(opt, 0.1, 12), S.ExponentialLR(opt, 0.9)}", "S.ChainedScheduler([S.ConstantLR(opt, 0.1, 12), S.ExponentialLR(opt, 0.9)])"),
]
EPOCHS = [0, 1, 4, 5, 7, 8, 29, 30, 31, 14, 13, 49, 2]
CLOSED = [i for i, c in enumerate(SCHEDULES) if c[0].split("(")[0] in ("S.StepLR", "S.ExponentialLR", "S.MultiStepLR", "S.ConstantLR", "S.LinearLR", "S.PolynomialLR", "S.CosineAnnealingLR", "S.CosineAnnealingWarmRestarts", "S.LambdaLR")]
PLATEAU = ["", "mode='max', factor=0.5, patience=2", "threshold_mode='abs', threshold=0.4, patience=1, cooldown=3", "mode='max', threshold_mode='abs', patience=0, min_lr=0.01", "patience=3, eps=0.05, factor=0.3"]


def optimizer(name="SGD"):
    a, b = torch.zeros(2, requires_grad=True), torch.zeros(3, requires_grad=True)
    return eval(f"optim.{name}")([{"params": [a]}, {"params": [b], "lr": 0.05}], lr=0.5)


def schedule(py, name):
    opt = optimizer(name)
    sched = eval(py, {"opt": opt, "S": S})
    rates, momenta = [sched.get_last_lr()], []
    for _ in range(50 if "total_steps=50" not in py else 49):
        opt.step()
        sched.step()
        rates.append(list(sched.get_last_lr()))
        g = opt.param_groups[1]
        momenta.append(g["betas"][0] if name == "Adam" else g["momentum"])
    return rates, momenta


def closed(py):
    opt = optimizer()
    sched = eval(py, {"opt": opt, "S": S})
    opt.step()
    out = []
    for e in EPOCHS:
        sched.step(e)
        out.append(list(sched.get_last_lr()))
    return out


def plateau(options):
    opt = optimizer()
    sched = eval(f"S.ReduceLROnPlateau(opt, {options})")
    out = []
    for i in range(50):
        sched.step(((i * 37) % 19) / 8 + 30 / (i + 3))
        out.append(list(sched.get_last_lr()))
    return out


def flat(rows): return [[r[g] for r in rows] for g in (0, 1)]


def lua_schedule(case):
    if len(case) == 2: return case
    import re
    py = case[0]
    body = py[py.index("opt"):-1].split(", ") if "[" not in py else re.split(r", (?![^\[]*\])", py[py.index("opt"):-1])
    plain = [a.replace("[", "{").replace("]", "}") for a in body if "=" not in a]
    named = [a.replace("=", " = ").replace("True", "true") for a in body if "=" in a]
    return py[:py.index("opt")] + ", ".join(plain + (["{" + ", ".join(named) + "}"] if named else [])) + ")", py


header("optim")
print("return {")
print("   rules = {        -- class, options, dtype, parameters after step 1, after the last, states (float64 only)")
for name, variants in RULES.items():
    for options in variants:
        for dtype in (torch.float32, torch.float64): print(f"      {lua(rule(name, options, dtype))},")
print("   },")
print("   lbfgs = {        -- problem, options, dtype, losses, parameters, evaluations, iterations, length of the history")
for case in LBFGS:
    for dtype in (torch.float32, torch.float64): print(f"      {lua(lbfgs(*case, dtype))},")
print("   },")
print("   schedules = {    -- expression, optimiser, rates of both groups from the start on, momentum of the second from step 1 on")
for i, case in enumerate(SCHEDULES):
    l, p = lua_schedule(case)
    for name in ("SGD", "Adam") if "OneCycle" in p else ("SGD",):
        rates, momenta = schedule(p, name)
        print(f"      {lua([l, name, flat(rates), momenta if 'OneCycle' in p else []])},")
print("   },")
print(f"   epochs = {lua(EPOCHS)},")
print("   closed = {       -- expression, rates at these epochs")
for i in CLOSED:
    l, p = lua_schedule(SCHEDULES[i])
    print(f"      {lua([l, flat(closed(p))])},")
print("   },")
print("   plateau = {      -- options, rates of 50 steps")
for o in PLATEAU: print(f"      {lua([lua_options(o) if o else '{}', flat(plateau(o))])},")
print("   },")
print("   printed = {")
a = torch.zeros(2, requires_grad=True)
for name in [*RULES, "LBFGS"]:
    opt = getattr(optim, name)([a])
    print(f"      {{{lua(name)}, {lua(str(opt))}}},")
two = optimizer()
S.StepLR(two, 3)
print(f"      {{{lua('two')}, {lua(str(two))}}},")
print("   },")
print("}")
