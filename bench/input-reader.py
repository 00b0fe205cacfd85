"""pyarrow or polars reading a table to one float32 matrix: a reader of the input benchmark. Prints one line of JSON.

python input-reader.py pyarrow|polars FILE

Numbers become float32 (missing ones NaN), strings codes of their distinct values, booleans 0 and 1. Nothing is centred or
standardised. All cores are used.
"""

import json
import re
import resource
import sys
import time

import numpy

library, path = sys.argv[1:]
is_parquet = path.endswith(".parquet")


def peak_mb():
    with open("/proc/self/status") as status:
        return int(re.search(r"VmHWM:\s+(\d+)", status.read())[1]) / 1024


def with_pyarrow():
    import pyarrow
    import pyarrow.compute as compute
    import pyarrow.ipc
    import pyarrow.parquet

    table = pyarrow.parquet.read_table(path) if is_parquet else pyarrow.ipc.open_file(pyarrow.memory_map(path)).read_all()
    matrix = numpy.empty((table.num_rows, table.num_columns), numpy.float32)
    for i, column in enumerate(table.columns):
        if pyarrow.types.is_string(column.type):
            column = pyarrow.chunked_array([part.indices for part in compute.dictionary_encode(column).chunks])
        matrix[:, i] = column.cast(pyarrow.float32()).to_numpy()
    return matrix


def with_polars():
    import polars

    frame = polars.read_parquet(path) if is_parquet else polars.read_ipc(path)
    text = polars.col(polars.String).cast(polars.Categorical).to_physical()
    return frame.with_columns(text).cast(polars.Float32).to_numpy()


def cpu_seconds():
    usage = resource.getrusage(resource.RUSAGE_SELF)
    return usage.ru_utime + usage.ru_stime


before, cpu, start = peak_mb(), cpu_seconds(), time.perf_counter()
matrix = {"pyarrow": with_pyarrow, "polars": with_polars}[library]()
print(
    json.dumps(
        {
            "cpu": cpu_seconds() - cpu,
            "wall": time.perf_counter() - start,
            "peakMB": peak_mb() - before,
            "matrixMB": matrix.nbytes / 1024 / 1024,
        }
    )
)
