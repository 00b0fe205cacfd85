"""Scores by scikit-learn, for test/train/metrics.test.ts. Writes metrics.json beside this file. (pip install scikit-learn)"""
import json, os
import numpy as np, sklearn
from sklearn.metrics import (accuracy_score, average_precision_score, balanced_accuracy_score, f1_score, log_loss, mean_absolute_error,
                             mean_absolute_percentage_error, mean_pinball_loss, mean_squared_error, r2_score, roc_auc_score)
from sklearn.metrics import confusion_matrix

rng = np.random.default_rng(11)
n = 60
weights = rng.integers(0, 5, n) / 2
cases = []


def case(name, task, outputs, logits, truth, scores, **more):
    for kind, w in (("", None), (", weighted", weights)):
        cases.append({"name": name + kind, "task": task, "outputs": outputs, "logits": np.ravel(logits).tolist(),
                      "truth": np.asarray(truth).tolist(), "weights": None if w is None else w.tolist(),
                      "metrics": {key: float(score(w)) for key, score in scores.items()}, **more})
        if task != "regression":
            classes = np.asarray(logits).argmax(1) if outputs > 1 else np.asarray(logits) > 0
            cases[-1]["confusion"] = confusion_matrix(truth, classes, sample_weight=w).tolist()


truth = rng.integers(-1000, 1000, n) / 128
truth[truth == 0] = 0.5
predicted = truth + rng.integers(-200, 200, n) / 64
regression = {
    "rmse": lambda w: mean_squared_error(truth, predicted, sample_weight=w) ** 0.5,
    "mae": lambda w: mean_absolute_error(truth, predicted, sample_weight=w),
    "r2": lambda w: r2_score(truth, predicted, sample_weight=w),
    "mape": lambda w: mean_absolute_percentage_error(truth, predicted, sample_weight=w)}
case("regression", "regression", 1, predicted, truth, regression)
for quantile in (0.1, 0.9):
    case(f"quantile {quantile}", "regression", 1, predicted, truth, {
        **regression, "pinball": lambda w: mean_pinball_loss(truth, predicted, alpha=quantile, sample_weight=w)}, quantiles=[quantile])
quantiles = (0.1, 0.5, 0.95)
several = np.sort(np.stack([predicted - 1, predicted, predicted + 1.25], 1), 1)
several[::7, 2] = truth[::7]  # hit exactly
several = np.sort(several, 1)
middle = several[:, 1]


def share(rows):
    return lambda w: np.average(rows, weights=w)


case("several quantiles", "regression", 3, several, truth, {
    "rmse": lambda w: mean_squared_error(truth, middle, sample_weight=w) ** 0.5,
    "mae": lambda w: mean_absolute_error(truth, middle, sample_weight=w),
    "r2": lambda w: r2_score(truth, middle, sample_weight=w),
    "mape": lambda w: mean_absolute_percentage_error(truth, middle, sample_weight=w),
    "pinball": lambda w: np.mean([mean_pinball_loss(truth, several[:, i], alpha=q, sample_weight=w) for i, q in enumerate(quantiles)]),
    "coverage": share((several[:, 0] <= truth) & (truth <= several[:, 2])),
    **{f"pinball_q{q}": lambda w, i=i, q=q: mean_pinball_loss(truth, several[:, i], alpha=q, sample_weight=w) for i, q in enumerate(quantiles)},
    **{f"below_q{q}": share(truth <= several[:, i]) for i, q in enumerate(quantiles)}}, quantiles=list(quantiles))

y = rng.integers(0, 2, n)
z = (rng.integers(-8, 9, n) + 4 * y) / 4  # many ties
p = 1 / (1 + np.exp(-z))
binary = {
    "accuracy": lambda w: accuracy_score(y, z > 0, sample_weight=w),
    "logLoss": lambda w: log_loss(y, p, sample_weight=w),
    "auc": lambda w: roc_auc_score(y, z, sample_weight=w),
    "averagePrecision": lambda w: average_precision_score(y, z, sample_weight=w),
    "balancedAccuracy": lambda w: balanced_accuracy_score(y, z > 0, sample_weight=w),
    "f1": lambda w: f1_score(y, z > 0, sample_weight=w)}
case("binary, one logit", "binary", 1, z, y, binary)
case("binary, two logits", "binary", 2, np.stack([np.full(n, 0.5), z + 0.5], 1), y, binary)

c = rng.integers(0, 4, n)
Z = rng.integers(-96, 97, (n, 4)) / 32 + 2 * np.eye(4)[c]
P = np.exp(Z - Z.max(1, keepdims=True))
P /= P.sum(1, keepdims=True)
case("multiclass", "multiclass", 4, Z, c, {
    "accuracy": lambda w: accuracy_score(c, Z.argmax(1), sample_weight=w),
    "logLoss": lambda w: log_loss(c, P, sample_weight=w),
    "balancedAccuracy": lambda w: balanced_accuracy_score(c, Z.argmax(1), sample_weight=w),
    "f1": lambda w: f1_score(c, Z.argmax(1), average="macro", sample_weight=w)})

path = os.path.join(os.path.dirname(__file__), "metrics.json")
with open(path, "w") as file:
    json.dump({"source": f"scikit-learn {sklearn.__version__}, NumPy {np.__version__}", "cases": cases}, file)
    file.write("\n")
