"""JAX's side of the workloads in which a compiler finds something to join: printed beside the others, under no target. Its
generator gives other numbers than PyTorch's, so that the results are not compared.
"""
import jax
import jax.numpy as jnp
from jax.nn import gelu, log_softmax, logsumexp, softmax


def randn(*shape):
    randn.key, key = jax.random.split(randn.key)
    return jax.random.normal(key, shape)


randn.key = jax.random.key(1)


def classes(count, n):
    return jnp.asarray([(i * 7919) % count for i in range(n)])


def cross_entropy(logits, targets):
    return -jnp.take_along_axis(log_softmax(logits, 1), targets[:, None], 1).mean()


def chain6(x, w, b, y):
    return ((jnp.tanh(x * w + b) - y) ** 2).mean()


def chain10(x, w, b, y):
    u = (jnp.tanh(x * w + b) - y) ** 2
    return jax.nn.sigmoid(jnp.log(u * 0.5 + 1.0)).mean()


def layer_norm(x, w, b):
    centred = x - x.mean(-1, keepdims=True)
    return centred * jax.lax.rsqrt((centred ** 2).mean(-1, keepdims=True) + 1e-5) * w + b


def mlp_loss(p, x, t):
    return cross_entropy(jax.nn.relu(x @ p[0].T + p[1]) @ p[2].T + p[3], t)


def tiny_loss(p, x, y):
    h = jnp.tanh(jnp.tanh(x @ p[0].T + p[1]) @ p[2].T + p[3])
    return ((h @ p[4].T + p[5] - y) ** 2).mean()


def layers(*sizes):
    p = []
    for inputs, outputs in zip(sizes, sizes[1:]):
        p += [randn(outputs, inputs) * (1 / inputs) ** 0.5, jnp.zeros(outputs)]
    return p


def training(loss, p, *data):
    """A step of gradient descent; each call goes on from the last."""
    @jax.jit
    def step(p):
        value, g = jax.value_and_grad(loss)(p, *data)
        return value, [w - 0.01 * d for w, d in zip(p, g)]

    state = [p]

    def run():
        value, state[0] = step(state[0])
        return value, state[0]
    return run


def rosenbrock(x):
    return ((x[1:] - x[:-1] ** 2) ** 2 * 100 + (1 - x[:-1]) ** 2).sum()


def calling(f, *arguments):
    compiled = jax.jit(f)
    return lambda: compiled(*arguments)


def workloads(work):
    for size, n in (("1e6", 1000000), ("1e7", 10000000)):
        for name, f in (("chain of 6", chain6), ("chain of 10", chain10)):
            work("%s %s" % (name, size))(lambda f=f, n=n: calling(f, *(randn(n) for _ in range(4))))
            work("%s, backward %s" % (name, size))(lambda f=f, n=n: calling(jax.grad(f, (0, 1, 2)), *(randn(n) for _ in range(4))))
        for name, f in (("tanh", jnp.tanh), ("gelu", lambda x: gelu(x, approximate=False)), ("exp", jnp.exp)):
            work("%s %s" % (name, size))(lambda f=f, n=n: calling(f, randn(n)))
    for rows, columns in ((1000, 1000), (64, 50257)):
        suffix = " (%d, %d)" % (rows, columns)
        for name, f in (("softmax dim 2", softmax), ("logsumexp dim 2", lambda x: logsumexp(x, 1)), ("var dim 2", lambda x: x.var(1, ddof=1))):
            work(name + suffix)(lambda f=f, r=rows, c=columns: calling(f, randn(r, c)))
        work("layer norm" + suffix)(lambda r=rows, c=columns: calling(layer_norm, randn(r, c), randn(c), randn(c)))
        work("cross entropy, backward" + suffix)(lambda r=rows, c=columns: calling(jax.grad(cross_entropy), randn(r, c), classes(c, r)))
    work("MLP 784-512-10, batch 64")(lambda: training(mlp_loss, layers(784, 512, 10), randn(64, 784), classes(10, 64)))
    work("tiny MLP 2-16-16-1, batch 32")(lambda: training(tiny_loss, layers(2, 16, 16, 1), randn(32, 2), randn(32, 1)))
    work("Hessian of Rosenbrock's function of 10")(lambda: calling(jax.hessian(rosenbrock), randn(10)))

    @work("Hessian of an MLP times a vector")
    def _():
        p = layers(784, 512, 10)
        v, x, t = [randn(*w.shape) for w in p], randn(64, 784), classes(10, 64)
        return calling(lambda p, v: jax.jvp(jax.grad(lambda q: mlp_loss(q, x, t)), (p,), (v,))[1], p, v)
