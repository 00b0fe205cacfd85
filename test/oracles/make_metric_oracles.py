"""Scores by scikit-learn, for test/train/metrics.test.ts. Writes metrics.json beside this file. (pip install scikit-learn)"""
import json, os
import numpy as np, sklearn
from sklearn.metrics import accuracy_score, log_loss, mean_absolute_error, mean_squared_error, r2_score, roc_auc_score

rng = np.random.default_rng(11)
n = 60
weights = rng.integers(0, 5, n) / 2
cases = []


def case(name, task, outputs, logits, truth, scores):
    for kind, w in (("", None), (", weighted", weights)):
        cases.append({"name": name + kind, "task": task, "outputs": outputs, "logits": np.ravel(logits).tolist(),
                      "truth": np.asarray(truth).tolist(), "weights": None if w is None else w.tolist(),
                      "metrics": {key: float(score(w)) for key, score in scores.items()}})


truth = rng.integers(-1000, 1000, n) / 128
predicted = truth + rng.integers(-200, 200, n) / 64
case("regression", "regression", 1, predicted, truth, {
    "rmse": lambda w: mean_squared_error(truth, predicted, sample_weight=w) ** 0.5,
    "mae": lambda w: mean_absolute_error(truth, predicted, sample_weight=w),
    "r2": lambda w: r2_score(truth, predicted, sample_weight=w)})

y = rng.integers(0, 2, n)
z = (rng.integers(-8, 9, n) + 4 * y) / 4  # many ties
p = 1 / (1 + np.exp(-z))
binary = {
    "accuracy": lambda w: accuracy_score(y, z > 0, sample_weight=w),
    "logLoss": lambda w: log_loss(y, p, sample_weight=w),
    "auc": lambda w: roc_auc_score(y, z, sample_weight=w)}
case("binary, one logit", "binary", 1, z, y, binary)
case("binary, two logits", "binary", 2, np.stack([np.full(n, 0.5), z + 0.5], 1), y, binary)

c = rng.integers(0, 4, n)
Z = rng.integers(-96, 97, (n, 4)) / 32 + 2 * np.eye(4)[c]
P = np.exp(Z - Z.max(1, keepdims=True))
P /= P.sum(1, keepdims=True)
case("multiclass", "multiclass", 4, Z, c, {
    "accuracy": lambda w: accuracy_score(c, Z.argmax(1), sample_weight=w),
    "logLoss": lambda w: log_loss(c, P, sample_weight=w)})

path = os.path.join(os.path.dirname(__file__), "metrics.json")
with open(path, "w") as file:
    json.dump({"source": f"scikit-learn {sklearn.__version__}, NumPy {np.__version__}", "cases": cases}, file)
    file.write("\n")
