"""Temperatures that minimise the log loss of z / T, by SciPy's bounded scalar minimiser over ln T, and the log loss there.

Logits are float32 values of an over- or under-confident classifier, seeded; with and without row weights, for one output
(the logit of the second of two classes) and for several.

  python3 make_temperature_oracles.py temperature.json
"""
import json
import sys

import numpy as np
import scipy
from scipy.optimize import minimize_scalar
from scipy.special import logsumexp


def log_loss(z, y, w, t):
    scaled = z / t
    return np.average(logsumexp(scaled, axis=1) - scaled[np.arange(len(y)), y], weights=w)


def case(rng, name, rows, outputs, sharpness, weighted):
    classes = max(2, outputs)
    y = rng.integers(0, classes, rows)
    truth = rng.normal(size=(rows, classes)) + 1.5 * np.eye(classes)[y]
    logits = (sharpness * truth).astype(np.float32)
    if outputs == 1:
        logits = (logits[:, 1:] - logits[:, :1]).astype(np.float32)
    full = np.concatenate([np.zeros((rows, 1)), logits], 1) if outputs == 1 else logits
    full = full.astype(np.float64)
    w = rng.uniform(0, 3, rows) if weighted else np.ones(rows)
    found = minimize_scalar(
        lambda s: log_loss(full, y, w, np.exp(s)), bounds=(-3, 3), method="bounded", options={"xatol": 1e-12}
    )
    return {
        "name": name,
        "outputs": outputs,
        "logits": [float(v) for v in logits.ravel()],
        "truth": y.tolist(),
        "weights": w.tolist() if weighted else None,
        "temperature": float(np.exp(found.x)),
        "logLoss": float(found.fun),
    }


def main(path):
    rng = np.random.default_rng(7)
    cases = [
        case(rng, "two classes, too sure", 60, 1, 3.0, False),
        case(rng, "two classes, weighted", 60, 1, 0.4, True),
        case(rng, "two logits", 40, 2, 2.0, False),
        case(rng, "five classes, too sure", 50, 5, 4.0, False),
        case(rng, "five classes, weighted, not sure enough", 50, 5, 0.2, True),
    ]
    source = f"make_temperature_oracles.py, SciPy {scipy.__version__}, NumPy {np.__version__}"
    with open(path, "w") as out:
        json.dump({"source": source, "cases": cases}, out)
        out.write("\n")


main(sys.argv[1])
