#!/usr/bin/env python3
"""Types and encodings that ../expected.json lacks, written by pyarrow 25.0.1; what they must read as is in test/data/types.test.ts.

Usage: python3 make.py      (pip: pyarrow)
"""
import decimal
import pyarrow as pa
import pyarrow.parquet as pq

D = decimal.Decimal


def write(name, table):
    with pa.ipc.new_file(f"{name}.arrow", table.schema) as writer:
        writer.write_table(table)


# A dictionary that grows from batch to batch, with a null and a repeated value in it.
schema = pa.schema([pa.field("grade", pa.dictionary(pa.int8(), pa.string())), pa.field("y", pa.float64())])
batches = (
    (["A", "B"], [0, 1, None, 1]),
    (["A", "B", "C", None], [2, 3, 0, 1]),
    (["A", "B", "C", None, "A"], [4, 2, None, 0]),
)
options = pa.ipc.IpcWriteOptions(emit_dictionary_deltas=True)
with pa.ipc.new_file("dictionary-delta.arrow", schema, options=options) as writer:
    for values, codes in batches:
        grade = pa.DictionaryArray.from_arrays(pa.array(codes, pa.int8()), pa.array(values))
        writer.write_batch(pa.record_batch([grade, pa.array([1.0, 2.0, 3.0, 4.0])], schema=schema))

strings = pa.array(["x", "y", None, "x", "z"]).dictionary_encode()
table = pa.table({
    "i64": pa.array([-2**63, 2**63 - 1, -1, None, 2**53 + 1], pa.int64()),
    "u64": pa.array([0, 2**64 - 1, 2**63, None, 2**53 + 1], pa.uint64()),
    "u32": pa.array([0, 2**32 - 1, 1, None, 7], pa.uint32()),
    "f16": pa.array([1.5, float("-inf"), 6e-8, None, -65504.0], pa.float16()),
    "d128": pa.array([D("-0.001"), D("123456789012.345"), D("-999999999999.999"), None, D("0")], pa.decimal128(18, 3)),
    "d256": pa.array([D("-0.01"), D("1234567890.12"), D("-1"), None, D("0")], pa.decimal256(40, 2)),
    "large": pa.array(["é", "", "\ufeffbom", None, "東京"], pa.large_string()),
    "null": pa.array([None] * 5, pa.null()),
    "index64": strings.cast(pa.dictionary(pa.int64(), pa.string())),
    "index8": strings.cast(pa.dictionary(pa.uint8(), pa.large_string())),
    "list": pa.array([[1], [2, None], None, [], [3]]),
    "struct": pa.array([{"a": 1, "b": None}, None, {"a": 2, "b": "x"}, {"a": None, "b": None}, {"a": 3, "b": "y"}]),
    "after": pa.array([True, False, None, True, False]),
})
write("types", table)
pq.write_table(table, "types.parquet")

views = ["short", "a string longer than twelve bytes", None, "", "another long string, see"]
write("view", pa.table({"view": pa.array(views, pa.string_view())}))
