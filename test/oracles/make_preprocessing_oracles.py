"""Robust scaling by NumPy and tree bins by scikit-learn, for test/data/measure.test.ts. Writes preprocessing.json beside this
file: a table, and of each of its numbers the scaled values and the bins for each of its targets. (pip install scikit-learn)"""
import json, os
import numpy as np, sklearn
from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor

SHOWN = 40
rng = np.random.default_rng(5)
n = 2000
skewed = np.round(np.exp(rng.normal(3, 1.2, n)), 1)
heaped = np.where(rng.random(n) < 0.8, 7, rng.integers(0, 40, n))
ticks = rng.integers(-3, 9, n)
gaps = np.where(rng.random(n) < 0.2, np.nan, np.round(rng.normal(1000, 2, n), 2))
far = 1e6 + rng.integers(0, 4000, n) / 8
flat = np.full(n, 5)
bend = np.sin(skewed / 20) + np.abs(ticks) + np.where(heaped > 20, 2, 0) + np.nan_to_num(gaps - 1000) + (far - 1e6) / 200
price = np.round(bend + rng.normal(0, 1, n), 2)
numbers = {"skewed": skewed, "heaped": heaped, "ticks": ticks, "gaps": gaps, "far": far, "flat": flat}
targets = {"price": price, "high": price > np.median(price), "level": np.digitize(price, np.quantile(price, [0.1, 0.3, 0.6, 0.9]))}


def scaled(x):
    """RealMLP's "robust scale, smooth clip", on the values that are there."""
    q1, median, q3 = np.nanquantile(x, [0.25, 0.5, 0.75])
    scale = q3 - q1 if q3 > q1 else (np.nanmax(x) - np.nanmin(x)) / 2
    u = (x - median) / scale if scale > 0 else x * 0
    return u / np.sqrt(1 + (u / 3) ** 2)


def bins(z, y):
    """Edges by a tree of at most 32 leaves, without splits that gain nothing, and the mean of each bin's value."""
    tree = (DecisionTreeRegressor if y.dtype == float else DecisionTreeClassifier)(
        max_leaf_nodes=32, min_samples_leaf=max(8, min(64, len(z) // 200)), min_impurity_decrease=1e-9, random_state=0)
    tree.fit(z[:, None], y)
    inner = tree.tree_.children_left >= 0
    edges = np.concatenate([[z.min()], np.sort(tree.tree_.threshold[inner]), [z.max()]])
    if len(edges) == 2:
        return None
    shares = np.clip((z[:, None] - edges[:-1]) / np.diff(edges), 0, 1)
    return {"edges": edges.tolist(), "means": shares.mean(0).tolist(), "encoded": (2 * (shares - shares.mean(0)))[:3].tolist()}


def column(values):
    return [None if v != v else v for v in values.tolist()]


expected = {}
for name, x in numbers.items():
    z = scaled(x.astype(float))
    there = ~np.isnan(z)
    found = {target: bins(z[there].astype(np.float32).astype(float), y[there]) for target, y in targets.items()} if name != "flat" else {}
    expected[name] = {"scaled": column(z[:SHOWN]), "bins": found}
out = {"source": f"scikit-learn {sklearn.__version__}, NumPy {np.__version__}",
       "cells": {name: column(np.asarray(x)) for name, x in {**numbers, **targets}.items()}, "expected": expected}
with open(os.path.join(os.path.dirname(os.path.abspath(__file__)), "preprocessing.json"), "w") as f:
    json.dump(out, f, separators=(",", ":"))
