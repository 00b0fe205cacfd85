"""Other people's models with their defaults on a table in two parts; prints test scores and CPU seconds as a line of JSON.

  python peers.py --list                       the models whose packages are there
  python peers.py MODEL '{"train": …, "test": …, "target": …, "task": …}' SEED

Columns reach each model the way its manual wants them: categories as such for LightGBM and HistGradientBoosting, one-hot for the
others, who also get missing numbers filled by the median (with a flag), and standardised columns for the MLP. CPU seconds
are those of fitting and predicting, all threads; reading the file is left out.
"""
import json
import sys
import time

import numpy as np


def models():
    found = {}
    try:
        import lightgbm

        found["lightgbm"] = lambda task, seed: (
            lightgbm.LGBMRegressor(random_state=seed, verbose=-1)
            if task == "regression"
            else lightgbm.LGBMClassifier(random_state=seed, verbose=-1)
        )
    except ImportError:
        pass
    from sklearn import ensemble, neural_network

    def either(regressor, classifier, **options):
        return lambda task, seed: (regressor if task == "regression" else classifier)(random_state=seed, **options)

    found["hist-boosting"] = either(
        ensemble.HistGradientBoostingRegressor,
        ensemble.HistGradientBoostingClassifier,
        categorical_features="from_dtype",
    )
    found["random-forest"] = either(ensemble.RandomForestRegressor, ensemble.RandomForestClassifier, n_jobs=-1)
    found["sklearn-mlp"] = either(neural_network.MLPRegressor, neural_network.MLPClassifier, early_stopping=True)
    return found


def read(path):
    import pandas
    import pyarrow

    if path.endswith(".parquet"):
        return pandas.read_parquet(path)
    if path.endswith((".arrow", ".feather")):
        with pyarrow.memory_map(path) as source:
            return pyarrow.ipc.open_file(source).read_all().to_pandas()
    return pandas.read_csv(path, sep="\t" if path.endswith(".tsv") else ",")


def task_of(y):
    if y.dtype.kind not in "iuf" or y.nunique() == 2:
        return "binary" if y.nunique() == 2 else "multiclass"
    return "regression"


def as_categories(train, test):
    """Text and boolean columns as categories of the training part; unseen values are missing."""
    for name in train.columns:
        if train[name].dtype.kind not in "iuf":
            values = sorted(train[name].dropna().astype(str).unique())
            for part in (train, test):
                text = part[name].astype("object").where(part[name].notna(), None)
                text = text.map(lambda v: None if v is None else str(v))
                part[name] = text.astype(__import__("pandas").CategoricalDtype(values))
    return train, test


def as_numbers(train, test, standardise):
    from sklearn.compose import make_column_transformer
    from sklearn.impute import SimpleImputer
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import OneHotEncoder, StandardScaler

    categories = [name for name in train.columns if train[name].dtype.kind not in "iuf"]
    numbers = [name for name in train.columns if name not in categories]
    steps = [SimpleImputer(strategy="median", add_indicator=True)] + ([StandardScaler()] if standardise else [])
    encode = make_column_transformer(
        (make_pipeline(*steps), numbers),
        (OneHotEncoder(handle_unknown="ignore", sparse_output=False), categories),
    )
    return encode.fit_transform(train), encode.transform(test)


def scores(task, model, x, y, scale):
    from sklearn import metrics

    if task == "regression":
        predicted = model.predict(x) * scale[1] + scale[0]
        return {"rmse": float(np.sqrt(np.mean((predicted - y) ** 2))), "r2": float(metrics.r2_score(y, predicted))}
    p = model.predict_proba(x)
    p = np.clip(p, 1e-15, None)
    p = p / p.sum(axis=1, keepdims=True)
    found = {
        "accuracy": float(np.mean(model.classes_[p.argmax(axis=1)] == y)),
        "logLoss": float(metrics.log_loss(y, p, labels=model.classes_)),
    }
    if task == "binary":
        found["auc"] = float(metrics.roc_auc_score(y == model.classes_[1], p[:, 1]))
    return found


def main(name, table, seed):
    train, test = read(table["train"]), read(table["test"])
    target = table["target"]
    train, test = train[train[target].notna()], test[test[target].notna()]
    task = table.get("task") or task_of(train[target])
    y, truth = train.pop(target), test.pop(target)
    scale = (0.0, 1.0)
    if task == "regression":
        y, truth = y.to_numpy(float), truth.to_numpy(float)
        if name == "sklearn-mlp":  # useless on an unscaled target
            scale = (y.mean(), y.std())
            y = (y - scale[0]) / scale[1]
    else:
        y, truth = y.astype(str).to_numpy(), truth.astype(str).to_numpy()
    train, test = as_categories(train.copy(), test.copy())
    if name in ("random-forest", "sklearn-mlp"):
        train, test = as_numbers(train, test, name == "sklearn-mlp")
    model = models()[name](task, seed)
    start = time.process_time()
    model.fit(train, y)
    found = scores(task, model, test, truth, scale)
    print(json.dumps({"test": found, "cpuSeconds": time.process_time() - start}))


if sys.argv[1] == "--list":
    print(json.dumps(list(models())))
else:
    import warnings

    warnings.filterwarnings("ignore")
    main(sys.argv[1], json.loads(sys.argv[2]), int(sys.argv[3]))
