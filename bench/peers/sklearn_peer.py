"""scikit-learn's MLPRegressor: python sklearn_peer.py. Plain SGD without momentum; partial_fit is a pass over the rows.

Its gradient is that of half the squared error, summed over the outputs: with 2 / outputs times the rate its steps are those of
the mean squared error. It reports the mean loss of a pass, so the losses are compared as that.
"""

import numpy as np
import sklearn
from serve import read_problem, serve
from sklearn.neural_network import MLPRegressor
from threadpoolctl import threadpool_limits


class Runner:
    def __init__(self, net):
        threadpool_limits(net["threads"])
        self.version = sklearn.__version__
        self.net = net
        x, y, self.layers = read_problem(net)
        self.x = x.reshape(-1, x.shape[-1])
        self.y = y.reshape(-1, y.shape[-1])
        if self.y.shape[1] == 1:
            self.y = self.y.ravel()
        self.model = self.open(shuffle=True)

    def open(self, shuffle):
        net = self.net
        model = MLPRegressor(
            hidden_layer_sizes=net["sizes"][1:-1],
            activation="relu",
            solver="sgd",
            alpha=0.0,
            batch_size=net["batch"],
            learning_rate_init=net["rate"] * 2 / net["sizes"][-1],
            momentum=0.0,
            nesterovs_momentum=False,
            shuffle=shuffle,
        )
        model.partial_fit(self.x[: net["batch"]], self.y[: net["batch"]])
        for (weight, bias), to_weight, to_bias in zip(self.layers, model.coefs_, model.intercepts_):
            to_weight[...] = weight
            to_bias[...] = bias
        return model

    def losses(self, count):
        model = self.open(shuffle=False)
        rows = count * self.net["batch"]
        model.partial_fit(self.x[:rows], self.y[:rows])
        return np.full(count, 2 * model.loss_)

    def chunk(self):
        self.model.partial_fit(self.x, self.y)
        return self.net["steps"]


serve(Runner)
