"""PyTorch: python torch_peer.py eager|compiled. All rows are ordered anew for each epoch; a batch is a view of them."""

import sys

import torch
from serve import read_problem, serve

MODE = sys.argv[1]


class Runner:
    def __init__(self, net):
        torch.set_num_threads(net["threads"])
        self.net = net
        self.version = torch.__version__
        x, y, self.layers = read_problem(net)
        self.x, self.y = torch.from_numpy(x), torch.from_numpy(y)
        self.step = self.open()
        self.rows = None
        self.next = 0

    def open(self):
        modules = []
        for i, (weight, bias) in enumerate(self.layers):
            layer = torch.nn.Linear(*weight.shape)
            with torch.no_grad():
                layer.weight.copy_(torch.from_numpy(weight).T)
                layer.bias.copy_(torch.from_numpy(bias))
            modules += [layer] if i == len(self.layers) - 1 else [layer, torch.nn.ReLU()]
        model = torch.nn.Sequential(*modules)
        optimizer = torch.optim.SGD(model.parameters(), lr=self.net["rate"], fused=True)

        def loss_of(x, y):
            return torch.nn.functional.mse_loss(model(x), y)

        if MODE == "compiled":
            loss_of = torch.compile(loss_of)

        def step(x, y):
            optimizer.zero_grad(set_to_none=True)
            loss = loss_of(x, y)
            loss.backward()
            optimizer.step()
            return loss.detach()

        return step

    def losses(self, count):
        step = self.open()
        return [step(self.x[k], self.y[k]).item() for k in range(count)]

    def chunk(self):
        for _ in range(10):
            if self.next == 0:
                self.rows = self.shuffled()
            x, y = self.rows
            self.step(x[self.next], y[self.next])
            self.next = (self.next + 1) % self.net["steps"]
        return 10

    def shuffled(self):
        order = torch.randperm(self.x.shape[0] * self.x.shape[1])
        return [rows.flatten(0, 1)[order].view_as(rows) for rows in (self.x, self.y)]


serve(Runner)
