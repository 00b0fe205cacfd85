"""JAX: python jax_peer.py step|scan. A compiled step called from Python, or a compiled loop over an epoch's steps.

All rows are ordered anew for each epoch.

The number of threads is that of the cores that the process may use: it is started with those.
"""

import sys

import jax
import jax.numpy as jnp
from serve import read_problem, serve

MODE = sys.argv[1]


class Runner:
    def __init__(self, net):
        self.version = jax.__version__
        self.steps = net["steps"]
        x, y, layers = read_problem(net)
        self.initial = [(jnp.asarray(w), jnp.asarray(b)) for w, b in layers]
        self.x, self.y = jnp.asarray(x), jnp.asarray(y)
        self.key = jax.random.key(0)

        def loss_of(layers, x, y):
            for i, (weight, bias) in enumerate(layers):
                x = x @ weight + bias
                if i < len(layers) - 1:
                    x = jax.nn.relu(x)
            return jnp.mean((x - y) ** 2)

        def step(layers, batch):
            loss, gradient = jax.value_and_grad(loss_of)(layers, *batch)
            return jax.tree.map(lambda p, g: p - net["rate"] * g, layers, gradient), loss

        def pick(layers, x, y, k):
            return step(layers, (x[k], y[k]))

        def shuffle(key, x, y):
            order = jax.random.permutation(key, x.shape[0] * x.shape[1])
            return [rows.reshape(-1, rows.shape[-1])[order].reshape(rows.shape) for rows in (x, y)]

        self.one = jax.jit(pick, donate_argnums=0)
        self.loop = jax.jit(lambda layers, x, y: jax.lax.scan(step, layers, (x, y)), donate_argnums=0)
        self.shuffle = jax.jit(shuffle)
        self.layers = self.fresh()

    def fresh(self):
        return jax.tree.map(jnp.copy, self.initial)

    def epoch(self, layers, x, y):
        if MODE == "scan":
            return self.loop(layers, x, y)
        losses = []
        for k in range(self.steps):
            layers, loss = self.one(layers, x, y, k)
            losses.append(loss)
        return layers, losses

    def losses(self, count):
        return self.epoch(self.fresh(), self.x, self.y)[1][:count]

    def chunk(self):
        self.key, key = jax.random.split(self.key)
        self.layers, losses = self.epoch(self.layers, *self.shuffle(key, self.x, self.y))
        jax.block_until_ready((self.layers, losses))
        return self.steps


serve(Runner)
