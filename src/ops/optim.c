/*
** Steps of optimisers.
**
** A rule says which of the numbers it reads and which states a parameter has. A step first checks all parameters, so that it changes all of them or
** none, and then goes once over each: the numbers of that parameter's step come from PyTorch's formulas, in double precision, and the kernel does the rest.
*/
#include <math.h>

#include "kernels/optim.h"
#include "ops/op.h"

typedef struct Rule {
  uint32_t numbers;                          /* which ones, as bits */
  uint8_t scalars;                           /* how many of the states are single numbers: they come first */
  const char *state[TIDE_OPTIM_STATES];
} Rule;

#define N(name) (1u << TIDE_OPTIM_##name)
#define ALL     (N(LR) | N(WEIGHT_DECAY) | N(MAXIMIZE))
#define MOMENTS (ALL | N(BETA1) | N(BETA2) | N(EPS))

static const Rule rules[TIDE_OPTIM_RULES] = {
  [TIDE_OPTIM_SGD] = {ALL | N(MOMENTUM) | N(DAMPENING) | N(NESTEROV), 0, {"momentum_buffer"}},
  [TIDE_OPTIM_ADAM] = {MOMENTS | N(AMSGRAD) | N(DECOUPLED), 1, {"step", "exp_avg", "exp_avg_sq", "max_exp_avg_sq"}},
  [TIDE_OPTIM_RMSPROP] = {ALL | N(MOMENTUM) | N(ALPHA) | N(EPS) | N(CENTERED), 1, {"step", "square_avg", "momentum_buffer", "grad_avg"}},
  [TIDE_OPTIM_ADAGRAD] = {ALL | N(LR_DECAY) | N(INITIAL) | N(EPS), 1, {"step", "sum"}},
  [TIDE_OPTIM_ADAMAX] = {MOMENTS, 1, {"step", "exp_avg", "exp_inf"}},
  [TIDE_OPTIM_NADAM] = {MOMENTS | N(MOMENTUM_DECAY) | N(DECOUPLED), 2, {"step", "mu_product", "exp_avg", "exp_avg_sq"}},
  [TIDE_OPTIM_RADAM] = {MOMENTS | N(DECOUPLED), 1, {"step", "exp_avg", "exp_avg_sq"}},
};

static const struct { const char *name; int item; } names[TIDE_OPTIM_NUMBERS] = {
  [TIDE_OPTIM_LR] = {"lr", 0}, [TIDE_OPTIM_WEIGHT_DECAY] = {"weight_decay", 0}, [TIDE_OPTIM_MAXIMIZE] = {"maximize", 0}, [TIDE_OPTIM_MOMENTUM] = {"momentum", 0},
  [TIDE_OPTIM_DAMPENING] = {"dampening", 0}, [TIDE_OPTIM_NESTEROV] = {"nesterov", 0}, [TIDE_OPTIM_BETA1] = {"betas", 1}, [TIDE_OPTIM_BETA2] = {"betas", 2},
  [TIDE_OPTIM_EPS] = {"eps", 0}, [TIDE_OPTIM_AMSGRAD] = {"amsgrad", 0}, [TIDE_OPTIM_DECOUPLED] = {"decoupled_weight_decay", 0}, [TIDE_OPTIM_ALPHA] = {"alpha", 0},
  [TIDE_OPTIM_CENTERED] = {"centered", 0}, [TIDE_OPTIM_LR_DECAY] = {"lr_decay", 0}, [TIDE_OPTIM_INITIAL] = {"initial_accumulator_value", 0},
  [TIDE_OPTIM_MOMENTUM_DECAY] = {"momentum_decay", 0},
};

const char *tide_optim_number(int rule, int i, int *item) {
  if (!(rules[rule].numbers >> i & 1)) return NULL;
  *item = names[i].item;
  return names[i].name;
}

const char *tide_optim_state(int rule, int i) { return i < TIDE_OPTIM_STATES ? rules[rule].state[i] : NULL; }

int tide_optim_has(int rule, int i, const double *h) {
  if (i >= TIDE_OPTIM_STATES || !rules[rule].state[i]) return 0;
  if (rule == TIDE_OPTIM_SGD) return h[TIDE_OPTIM_MOMENTUM] != 0;
  if (rule == TIDE_OPTIM_ADAM && i == 3) return h[TIDE_OPTIM_AMSGRAD] != 0;
  if (rule == TIDE_OPTIM_RMSPROP && i == 2) return h[TIDE_OPTIM_MOMENTUM] > 0;
  if (rule == TIDE_OPTIM_RMSPROP && i == 3) return h[TIDE_OPTIM_CENTERED] != 0;
  return 1;
}

tide_Tensor *tide_optim_begin(int rule, int i, const double *h, tide_Tensor *param) {
  if (!param) return NULL;
  tide_Context *c = param->ctx;
  double first = rule == TIDE_OPTIM_NADAM && i == 1 ? 1 : rule == TIDE_OPTIM_ADAGRAD && i == 1 ? h[TIDE_OPTIM_INITIAL] : 0;
  if (i < rules[rule].scalars) return tide_full(c, NULL, 0, tide_number(c, first), c->mode.default_dtype);
  return tide_full_like(param, tide_number(c, first), -1);
}


/* {======================== the numbers of one step ======================== */

/* h: the numbers of the rule; t: the number of this step, from 1; k: what the kernel reads. The result is the kernel. */
static int plan_sgd(const double *h, double *k) {
  k[RATE] = -h[TIDE_OPTIM_LR];
  k[MOMENTUM] = h[TIDE_OPTIM_MOMENTUM];
  k[GAIN] = 1 - h[TIDE_OPTIM_DAMPENING];
  k[NESTEROV] = h[TIDE_OPTIM_NESTEROV];
  return k[MOMENTUM] != 0 ? STEP_MOMENTUM : STEP_SGD;
}

static void moments(const double *h, double *k) {
  k[WEIGHT] = 1 - h[TIDE_OPTIM_BETA1];
  k[BETA] = h[TIDE_OPTIM_BETA2];
  k[COMPLEMENT] = 1 - h[TIDE_OPTIM_BETA2];
}

static int plan_adam(const double *h, double t, double *k) {
  moments(h, k);
  k[RATE] = -(h[TIDE_OPTIM_LR] / (1 - pow(h[TIDE_OPTIM_BETA1], t)));
  k[SCALE] = pow(1 - pow(h[TIDE_OPTIM_BETA2], t), 0.5);
  return h[TIDE_OPTIM_AMSGRAD] != 0 ? STEP_AMSGRAD : STEP_ADAM;
}

static int plan_rmsprop(const double *h, double *k) {
  static const int steps[2][2] = {{STEP_RMSPROP, STEP_RMSPROP_CENTERED}, {STEP_RMSPROP_MOMENTUM, STEP_RMSPROP_BOTH}};
  k[BETA] = h[TIDE_OPTIM_ALPHA];
  k[COMPLEMENT] = k[WEIGHT] = 1 - h[TIDE_OPTIM_ALPHA];
  k[RATE] = -h[TIDE_OPTIM_LR];
  k[MOMENTUM] = h[TIDE_OPTIM_MOMENTUM];
  return steps[k[MOMENTUM] > 0][h[TIDE_OPTIM_CENTERED] != 0];
}

static int plan_adagrad(const double *h, double t, double *k) {
  k[RATE] = -(h[TIDE_OPTIM_LR] / (1 + (t - 1) * h[TIDE_OPTIM_LR_DECAY]));
  return STEP_ADAGRAD;
}

static int plan_adamax(const double *h, double t, double *k) {
  moments(h, k);
  k[RATE] = -(h[TIDE_OPTIM_LR] / (1 - pow(h[TIDE_OPTIM_BETA1], t)));
  return STEP_ADAMAX;
}

static int plan_nadam(const double *h, double t, tide_Tensor *product, double *k) {
  double beta1 = h[TIDE_OPTIM_BETA1], decay = h[TIDE_OPTIM_MOMENTUM_DECAY], lr = h[TIDE_OPTIM_LR];
  double mu = beta1 * (1 - 0.5 * pow(0.96, t * decay)), next = beta1 * (1 - 0.5 * pow(0.96, (t + 1) * decay));
  double so_far = tide__read(product->dtype, product->data);
  tide__write(product->dtype, product->data, product->dtype == TIDE_FLOAT32 ? (float)so_far * (float)mu : so_far * mu);
  so_far = tide__read(product->dtype, product->data);
  moments(h, k);
  k[SCALE] = 1 - pow(h[TIDE_OPTIM_BETA2], t);
  k[RATE] = -lr * (1 - mu) / (1 - so_far);
  k[RATE2] = -lr * next / (1 - so_far * next);
  return STEP_NADAM;
}

static int plan_radam(const double *h, double t, double *k) {
  double beta2 = h[TIDE_OPTIM_BETA2], correction2 = 1 - pow(beta2, t);
  double longest = 2 / (1 - beta2) - 1, length = longest - 2 * t * pow(beta2, t) / correction2;      /* of the moving average */
  moments(h, k);
  k[RATE] = h[TIDE_OPTIM_LR];
  k[RATE2] = 1 - pow(h[TIDE_OPTIM_BETA1], t);
  k[SCALE] = pow(correction2, 0.5);
  k[RECTIFY] = length > 5 ? pow((length - 4) * (length - 2) * longest / ((longest - 4) * (longest - 2) * length), 0.5) : 0;
  return STEP_RADAM;
}

/* Counts the step and plans it. */
static int plan(int rule, const double *h, const tide_Update *u, double *k) {
  double decay = h[TIDE_OPTIM_WEIGHT_DECAY], t = 0;
  int decoupled = rules[rule].numbers & N(DECOUPLED) && h[TIDE_OPTIM_DECOUPLED] != 0;
  k[SIGN] = h[TIDE_OPTIM_MAXIMIZE] != 0 ? -1 : 1;
  k[DECAY] = decoupled ? 0 : decay;
  k[KEEP] = decoupled && decay != 0 ? 1 - h[TIDE_OPTIM_LR] * decay : 1;
  k[EPS] = h[TIDE_OPTIM_EPS];
  k[FRESH] = u->fresh;
  if (rules[rule].scalars) {
    tide_Tensor *step = u->state[0];
    t = tide__read(step->dtype, step->data) + 1;
    tide__write(step->dtype, step->data, t);
    t = tide__read(step->dtype, step->data);
  }
  switch (rule) {
    case TIDE_OPTIM_SGD: return plan_sgd(h, k);
    case TIDE_OPTIM_ADAM: return plan_adam(h, t, k);
    case TIDE_OPTIM_RMSPROP: return plan_rmsprop(h, k);
    case TIDE_OPTIM_ADAGRAD: return plan_adagrad(h, t, k);
    case TIDE_OPTIM_ADAMAX: return plan_adamax(h, t, k);
    case TIDE_OPTIM_NADAM: return plan_nadam(h, t, u->state[1], k);
    default: return plan_radam(h, t, k);
  }
}

/* }========================================================= */


/* {======================== one step of all ======================== */

#define OPERANDS (2 + TIDE_OPTIM_STATES)

/* The parameter, its gradient and the states of its size, in the order in which the kernel takes them. */
static int operands(int rule, const double *h, const tide_Update *u, tide_Tensor *grad, tide_Tensor **t) {
  int n = 0;
  t[n++] = u->param;
  t[n++] = grad;
  for (int i = rules[rule].scalars; i < TIDE_OPTIM_STATES; i++) if (tide_optim_has(rule, i, h)) t[n++] = u->state[i];
  return n;
}

static int writable(tide_Context *c, tide_Tensor *t) {
  int mode = c->mode.grad;
  c->mode.grad = 0;                          /* a step is not recorded */
  int ok = tide__writable(t, 0);
  c->mode.grad = (uint8_t)mode;
  return ok;
}

#define BAD(...) (tide__fail(c, __VA_ARGS__), 0)

static int check_state(tide_Context *c, int rule, int at, int i, const tide_Update *u) {
  const char *name = rules[rule].state[i];
  const tide_Tensor *s = u->state[i], *p = u->param;
  if (!s || s == TIDE_NONE) return BAD(TIDE_EARG, "parameter %d has no state '%s'", at, name);
  if (i < rules[rule].scalars) {
    if (s->n != 1 || !tide__is_float(s->dtype)) return BAD(TIDE_ESHAPE, "the state '%s' of parameter %d is one number of a float dtype, not %s of sizes %s", name, at, tide_dtype_name(s->dtype), SHAPE_TEXT(s));
  }
  else if (!tide__same_shape(s, p) || s->dtype != p->dtype)
    return BAD(TIDE_ESHAPE, "the state '%s' of parameter %d is %s of sizes %s, the parameter %s of sizes %s", name, at, tide_dtype_name(s->dtype), SHAPE_TEXT(s), tide_dtype_name(p->dtype), SHAPE_TEXT(p));
  return writable(c, u->state[i]);
}

static int check(tide_Context *c, int rule, const double *h, int at, const tide_Update *u) {
  const tide_Tensor *p = u->param, *g = p->grad;
  if (!tide__is_float(p->dtype)) return BAD(TIDE_EDTYPE, "parameter %d is %s, not of a float dtype", at, tide_dtype_name(p->dtype));
  if (!g) return BAD(TIDE_EGRAD, "parameter %d has no grad", at);
  if (!tide__same_shape(g, p) || g->dtype != p->dtype)
    return BAD(TIDE_ESHAPE, "the grad of parameter %d is %s of sizes %s, the parameter %s of sizes %s", at, tide_dtype_name(g->dtype), SHAPE_TEXT(g), tide_dtype_name(p->dtype), SHAPE_TEXT(p));
  for (int i = 0; i < TIDE_OPTIM_STATES; i++) if (tide_optim_has(rule, i, h) && !check_state(c, rule, at, i, u)) return 0;
  tide_Tensor *t[OPERANDS];
  int n = operands(rule, h, u, u->param, t);
  for (int i = 0; i < n; i++) for (int j = 2; j < i; j++) if (tide__overlap(t[i], t[j])) return BAD(TIDE_EARG, "the states of parameter %d share memory", at);
  for (int i = 2; i < n; i++) if (tide__overlap(t[0], t[i])) return BAD(TIDE_EARG, "parameter %d shares memory with its state", at);
  return writable(c, u->param);
}

/* Would what is written reach the gradient? */
static int shared(int rule, const double *h, const tide_Update *u) {
  tide_Tensor *t[OPERANDS];
  int n = operands(rule, h, u, u->param->grad, t);
  for (int i = 0; i < n; i++) if (i != 1 && tide__overlap(t[1], t[i])) return 1;
  return 0;
}

static void run(int rule, const double *h, const tide_Update *u, tide_Tensor *grad) {
  double k[STEP_NUMBERS] = {0};
  tide_Tensor *t[OPERANDS];
  const int64_t *strides[OPERANDS];
  char *data[OPERANDS];
  size_t size[OPERANDS];
  int n = operands(rule, h, u, grad, t), dtype = u->param->dtype, step = plan(rule, h, u, k);
  for (int i = 0; i < n; i++) {
    strides[i] = tide__strides(t[i]);
    data[i] = t[i]->data;
    size[i] = tide__size[dtype];
    if (i != 1) t[i]->counter->version++;
  }
  for (int i = 0; i < rules[rule].scalars; i++) u->state[i]->counter->version++;
  tide__Iter it;
  tide__iter_init(&it, u->param->ndim, u->param->shape, n, strides, size);
  tide__step(step, dtype, &it, data, k);
}

/* Copies of the gradients that are shared with what is written, NULL for the others; NULL on error. */
static tide_Tensor **copies(tide_Context *c, int rule, const double *h, int n, const tide_Update *u) {
  tide_Tensor **grads = tide__scratch(c, (size_t)n * sizeof *grads);
  for (int i = 0; grads && i < n; i++)
    if (!tide__hold_all(c, 1, &u[i].param) || !tide__hold_all(c, TIDE_OPTIM_STATES, u[i].state)) return NULL;
  for (int i = 0; grads && i < n; i++) {
    grads[i] = NULL;
    if (shared(rule, h, &u[i]) && !(grads[i] = tide_detach(tide_clone(u[i].param->grad)))) return NULL;
  }
  return grads;
}

int tide_optim_step(tide_Context *c, int rule, const double *numbers, int n, const tide_Update *u) {
  if (tide__interrupted(c)) return tide__take_interrupt(c);
  int any = 0;
  for (int i = 0; i < n; i++) {
    if (!check(c, rule, numbers, i + c->base, &u[i])) return 0;
    any |= shared(rule, numbers, &u[i]);
  }
  tide_Scope scope = tide_scope(c);
  tide_Tensor **grads = any ? copies(c, rule, numbers, n, u) : NULL;
  if (any && !grads) { tide_close(c, scope, NULL); return 0; }
  for (int i = 0; i < n; i++) run(rule, numbers, &u[i], grads && grads[i] ? grads[i] : u[i].param->grad);
  tide_close(c, scope, NULL);
  return 1;
}

/* }========================================================= */
