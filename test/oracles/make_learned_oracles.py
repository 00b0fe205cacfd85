"""Training steps of small networks with learned pieces by PyTorch, in float64, for test/learned.test.ts. Writes learned.json beside
this file. (pip install torch)

Tensors are named and shaped as in paragrad's model files: W{i} [in, out], b{i}, normScale{i} and normShift{i} (layer norm of hidden
layer i), a{i} (its blend), s (input scale),
periodicW1 and periodicB1 [N, 16], periodicW2 [16 N, 3], periodicB2 [N, 3], embedding{e} [values, 8]. A row of X holds the inputs and
then a code for each embedded category, -1 for none.

With layer rates "ntk" the weights are trained in RealMLP's parametrisation, h V / sqrt(fan in), and written as W = V / sqrt(fan in);
Adam's epsilon is so small that it shows in neither. Averages are those of torch.optim.swa_utils.
"""
import json
import os
import torch
import torch.nn.functional as F
from torch.optim.swa_utils import get_ema_multi_avg_fn

torch.set_default_dtype(torch.float64)
ACTIVATIONS = {
    "identity": lambda z: z, "relu": F.relu, "leaky_relu": lambda z: F.leaky_relu(z, 0.01), "tanh": torch.tanh,
    "sigmoid": torch.sigmoid, "elu": F.elu, "selu": F.selu, "gelu": F.gelu, "silu": F.silu, "mish": F.mish,
}
KINDS = {"n": "norm", "W": "weight", "b": "bias", "a": "blend", "s": "scale", "p": "periodic", "e": "embedding"}


def case(name, sizes, activation="mish", blend=False, scale=False, periodic=0, embeddings=(), optimizer="sgd", rate=0.05, steps=6,
         rows=24, ntk=False, bias_rate=1.0, decay=0.0, decayed="all", ema=None, batch=None, seed=5, residual=False, norm=False):
    g = torch.Generator().manual_seed(seed)
    draw = lambda *shape: torch.randn(*shape, generator=g)
    width = sizes[0] + 3 * periodic + 8 * len(embeddings)
    X = draw(rows, sizes[0])
    codes = [torch.randint(-1, values, (rows,), generator=g) for values in embeddings]
    y = draw(rows, sizes[-1])
    P = {}
    fans = [width] + list(sizes[1:-1])
    for i, outputs in enumerate(sizes[1:]):
        P[f"W{i}"] = draw(fans[i], outputs) / fans[i] ** 0.5
        P[f"b{i}"] = draw(outputs) * 0.1
        if norm and i < len(sizes) - 2:
            P[f"normScale{i}"] = 1 + 0.3 * draw(outputs)
            P[f"normShift{i}"] = 0.3 * draw(outputs)
        if blend and i < len(sizes) - 2:
            P[f"a{i}"] = 1 + 0.3 * draw(outputs)
    if scale:
        P["s"] = 1 + 0.3 * draw(width)
    if periodic:
        P["periodicW1"] = 0.4 * draw(periodic, 16)
        P["periodicB1"] = 2 * draw(periodic, 16)
        P["periodicW2"] = 0.3 * draw(periodic * 16, 3)
        P["periodicB2"] = 0.3 * draw(periodic, 3)
    for e, values in enumerate(embeddings):
        P[f"embedding{e}"] = draw(values, 8)
    init = {k: v.flatten().tolist() for k, v in P.items()}
    roots = {f"W{i}": fan ** 0.5 if ntk else 1.0 for i, fan in enumerate(fans)}
    V = {k: (v * roots.get(k, 1.0)).requires_grad_() for k, v in P.items()}
    rates = {"norm": 1.0, "weight": 1.0, "bias": bias_rate, "blend": 0.1, "scale": 6.0, "periodic": 0.1, "embedding": 0.1}
    groups = [{"params": [v], "lr": rate * rates[KINDS[k[0]]],
               "weight_decay": 0.0 if decayed == "weights" and KINDS[k[0]] in ("bias", "norm") else decay} for k, v in V.items()]
    opt = torch.optim.SGD(groups) if optimizer == "sgd" else torch.optim.AdamW(groups, betas=(0.9, 0.95), eps=1e-12)
    assert optimizer != "sgd" or decay == 0  # its decay is not decoupled
    average, step_average = {}, get_ema_multi_avg_fn(ema) if ema else None

    def forward(rows):
        h = [X[rows]]
        for n in range(periodic):
            c = torch.cos(2 * torch.pi * X[rows, n, None] * V["periodicW1"][n] + V["periodicB1"][n])
            h.append(c @ V["periodicW2"][16 * n:16 * n + 16] + V["periodicB2"][n])
        for e, code in enumerate(codes):
            chosen = code[rows]
            h.append(torch.where((chosen >= 0)[:, None], V[f"embedding{e}"][chosen.clamp(min=0)], 0.0))
        h = torch.cat(h, 1)
        if scale:
            h = h * V["s"]
        for i in range(len(sizes) - 1):
            x, h = h, h @ (V[f"W{i}"] / roots[f"W{i}"]) + V[f"b{i}"]
            if i == len(sizes) - 2:
                return h
            if norm:
                h = F.layer_norm(h, h.shape[1:], V[f"normScale{i}"], V[f"normShift{i}"])
            f = ACTIVATIONS[activation](h)
            h = h + V[f"a{i}"] * (f - h) if blend else f
            if residual and i > 0 and x.shape == h.shape:
                h = x + h

    batch = batch or rows
    batches, losses, first = [], [], None
    for k in range(steps):
        chosen = [(k * batch + r) % rows for r in range(batch)]
        batches.append(chosen)
        loss = ((forward(chosen) - y[chosen]) ** 2).mean(1).mean()
        opt.zero_grad()
        loss.backward()
        losses.append(loss.item())
        if first is None:
            first = {key: (v.grad * roots.get(key, 1.0)).flatten().tolist() for key, v in V.items()}
        opt.step()
        for key, v in V.items():
            if k == 0:
                average[key] = v.detach().clone()
            elif ema:
                step_average([average[key]], [v.detach()], k)
    flat = lambda tensors: {k: (v.detach() / roots.get(k, 1.0)).flatten().tolist() for k, v in tensors.items()}
    rows_x = torch.cat([X] + [c[:, None].double() for c in codes], 1)
    return {
        "name": name, "batchSize": batch, "X": rows_x.flatten().tolist(), "y": y.flatten().tolist(), "batches": batches,
        "options": {
            "sizes": sizes, "activation": activation, "learnedActivation": blend, "inputScale": scale, "periodic": periodic,
            "embeddings": list(embeddings), **({"residual": True} if residual else {}), **({"layerNorm": True} if norm else {}),
            "optimizer": "sgd" if optimizer == "sgd" else "adamw", "learningRate": rate,
            "layerRates": "ntk" if ntk else "uniform", "biasRate": bias_rate, "weightDecay": decay, "decay": decayed,
            **({} if optimizer == "sgd" else {"beta1": 0.9, "beta2": 0.95, "epsilon": 1e-12}), **({"ema": ema} if ema else {}),
        },
        "init": init, "grad0": first, "losses": losses, "final": flat(V), **({"average": flat(average)} if ema else {}),
    }


everything = dict(blend=True, scale=True, periodic=2, embeddings=(4, 11))
cases = [
    *(case(f"blend-{name}", [3, 6, 5, 2], name, blend=True) for name in ACTIVATIONS),
    *(case(f"residual-norm-{name}", [3, 6, 6, 5, 5, 5, 2], name, residual=True, norm=True) for name in ACTIVATIONS),
    case("residual", [3, 7, 7, 7, 1], "relu", residual=True),
    case("norm", [3, 9, 16, 4, 1], "relu", norm=True),
    case("norm-decay", [6, 9, 1], "tanh", optimizer="adamw", rate=0.02, decay=0.1, decayed="weights", norm=True, steps=10),
    case("residual-everything", [5, 9, 9, 9, 2], optimizer="adamw", rate=0.01, ntk=True, bias_rate=0.1, decay=0.05, decayed="weights",
         ema=0.9, steps=10, rows=30, batch=13, residual=True, norm=True, blend=True, scale=True, periodic=2, embeddings=(4, 11)),
    case("scale", [5, 7, 1], scale=True),
    case("scale-linear", [5, 1], scale=True),
    case("periodic", [3, 6, 1], "tanh", periodic=3),
    case("periodic-linear", [4, 1], periodic=2),
    case("embeddings", [2, 6, 1], "tanh", embeddings=(3, 9)),
    case("embeddings-linear", [3, 2], embeddings=(5,)),
    case("everything", [5, 9, 7, 2], **everything),
    case("everything-selu", [5, 9, 7, 1], "selu", rows=30, batch=13, **everything),
    case("groups", [6, 9, 7, 1], "relu", optimizer="adamw", rate=0.02, ntk=True, bias_rate=0.1, decay=0.1, decayed="weights", steps=10),
    case("decay-all", [6, 9, 1], "tanh", optimizer="adamw", rate=0.02, decay=0.1, steps=10, ntk=True),
    case("average", [6, 9, 1], "tanh", optimizer="adamw", rate=0.02, ema=0.8, steps=10),
    case("recipe", [5, 9, 7, 2], optimizer="adamw", rate=0.01, ntk=True, bias_rate=0.1, decay=0.05, decayed="weights", ema=0.9, steps=10,
         rows=30, batch=13, **everything),
]


def rounded(value):
    """Ten digits are plenty for float32."""
    if isinstance(value, float):
        return float(f"{value:.10g}")
    if isinstance(value, list):
        return [rounded(item) for item in value]
    return {key: rounded(item) for key, item in value.items()} if isinstance(value, dict) else value


path = os.path.join(os.path.dirname(__file__), "learned.json")
with open(path, "w") as file:
    json.dump({"source": f"PyTorch {torch.__version__}, float64", "cases": rounded(cases)}, file)
    file.write("\n")
