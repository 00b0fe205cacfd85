/**
 * Arrow arrays as paragrad reads them: numbers with NaN for null, times in seconds, or codes of strings with -1 for null.
 *
 * Each function decodes rows from .. to (exclusive) of one column of one record batch, as it came out of an IPC file:
 * offset 0, little-endian buffers. No BigInt is made: 64-bit integers are read as two 32-bit words.
 */
import type { Data } from 'apache-arrow/data';
import { DateUnit, Precision, TimeUnit } from 'apache-arrow/enum';
import { DataType, type Decimal, type Dictionary, type Duration, type Time, type Timestamp } from 'apache-arrow/type';
import { createCoder } from '../distinct.js';
import type { CategoryValues, ColumnKind, Numbers, NumberValues } from '../table.js';
import { createTextCoder } from '../text-codes.js';

const TWO_32 = 0x1_0000_0000;
const BOOLEANS = ['false', 'true'];

/** How a column of this type can be used. */
export function kindOf(type: DataType): ColumnKind {
  if (isNumber(type) || DataType.isNull(type) || DataType.isDuration(type)) return 'number';
  if (DataType.isTimestamp(type) || DataType.isDate(type)) return 'time';
  if (DataType.isTime(type)) return 'clock';
  if (isString(type) || (DataType.isDictionary(type) && isString(type.dictionary))) return 'category';
  return DataType.isBool(type) ? 'boolean' : 'unsupported';
}

/** Whether a vector may be made of it. */
export function isNumber(type: DataType): boolean {
  return DataType.isInt(type) || DataType.isFloat(type) || DataType.isDecimal(type);
}

function isString(type: DataType): boolean {
  return DataType.isUtf8(type) || DataType.isLargeUtf8(type) || DataType.isUtf8View(type);
}

/** A column of kind `number`, `time` or `clock`. Floats without nulls are not copied. */
export function decodeNumbers(data: Data, from: number, to: number): NumberValues {
  const values = isPlain(data) ? data.values.subarray(from, to) : numbers(data, from, to);
  forEachNull(data, from, to, (i) => {
    values[i] = Number.NaN;
  });
  return { kind: 'number', values };
}

/** Whether the buffer holds the values as they are wanted. */
function isPlain(data: Data): boolean {
  const { type } = data;
  return DataType.isFloat(type) && type.precision !== Precision.HALF && validity(data) === null;
}

function numbers(data: Data, from: number, to: number): Numbers {
  const { type } = data;
  if (DataType.isNull(type)) return new Float64Array(to - from).fill(Number.NaN);
  if (DataType.isDecimal(type)) return decimals(words(data.values), type, from, to);
  if (DataType.isInt(type) && type.bitWidth === 64) return integers64(words(data.values), type.isSigned, from, to);
  if (DataType.isDate(type) || DataType.isTimestamp(type) || DataType.isTime(type) || DataType.isDuration(type)) {
    return seconds(data, from, to);
  }
  if (DataType.isFloat(type)) {
    return type.precision === Precision.HALF ? halves(data.values, from, to) : data.values.slice(from, to);
  }
  return new Float64Array(data.values.subarray(from, to));
}

const UNITS_PER_SECOND: Record<TimeUnit, number> = {
  [TimeUnit.SECOND]: 1,
  [TimeUnit.MILLISECOND]: 1e3,
  [TimeUnit.MICROSECOND]: 1e6,
  [TimeUnit.NANOSECOND]: 1e9,
};
const SECONDS_PER_DAY = 86_400;

/** Dates, timestamps, times and durations: integers of some unit. */
function seconds(data: Data, from: number, to: number): Float64Array {
  const { type } = data;
  if (DataType.isDate(type) && type.unit === DateUnit.DAY) {
    return Float64Array.from(data.values.subarray(from, to), (day: number) => day * SECONDS_PER_DAY);
  }
  const units = DataType.isDate(type) ? 1e3 : UNITS_PER_SECOND[(type as Time | Timestamp | Duration).unit];
  const narrow = DataType.isTime(type) && type.bitWidth === 32;
  const counts = narrow
    ? Float64Array.from(data.values.subarray(from, to))
    : integers64(words(data.values), true, from, to);
  for (let i = 0; i < counts.length; i++) counts[i] /= units;
  return counts;
}

/** The 32-bit words of a buffer. */
function words(values: ArrayBufferView): Uint32Array {
  return new Uint32Array(values.buffer, values.byteOffset, values.byteLength >>> 2);
}

/** Correctly rounded: the high word's product is exact, and one addition rounds. */
function integers64(words: Uint32Array, signed: boolean, from: number, to: number): Float64Array {
  const out = new Float64Array(to - from);
  for (let i = from; i < to; i++) {
    const high = signed ? words[2 * i + 1] | 0 : words[2 * i + 1];
    out[i - from] = high * TWO_32 + words[2 * i];
  }
  return out;
}

/** Two's complement integers of 1, 2, 4 or 8 words over a power of ten; correctly rounded up to 2^53. */
function decimals(words: Uint32Array, type: Decimal, from: number, to: number): Float64Array {
  const width = type.bitWidth >>> 5;
  const unit = Number(`1e${type.scale}`);
  const out = new Float64Array(to - from);
  for (let i = from; i < to; i++) {
    const end = (i + 1) * width;
    // The magnitude is summed, from the most significant word: near zero a negative number is all ones.
    const negative = words[end - 1] >>> 31 === 1;
    let magnitude = 0;
    for (let w = 1; w <= width; w++) {
      magnitude = magnitude * TWO_32 + (negative ? ~words[end - w] >>> 0 : words[end - w]);
    }
    out[i - from] = (negative ? -(magnitude + 1) : magnitude) / unit;
  }
  return out;
}

/** IEEE 754 binary16, which float64 holds exactly. */
function halves(bits: Uint16Array, from: number, to: number): Float64Array {
  const out = new Float64Array(to - from);
  for (let i = from; i < to; i++) {
    const exponent = (bits[i] >>> 10) & 31;
    const fraction = bits[i] & 1023;
    let value: number;
    if (exponent === 0) value = fraction / 0x100_0000;
    else if (exponent === 31) value = fraction === 0 ? Number.POSITIVE_INFINITY : Number.NaN;
    else value = ((1024 + fraction) * (1 << exponent)) / 0x200_0000;
    out[i - from] = bits[i] >>> 15 === 1 ? -value : value;
  }
  return out;
}

/** A column of kind `category` or `boolean`. */
export function decodeCategory(data: Data, from: number, to: number): CategoryValues {
  const { type } = data;
  if (DataType.isBool(type)) return booleans(data, from, to);
  if (DataType.isDictionary(type)) return dictionaryCodes(data as Data<Dictionary>, from, to);
  return DataType.isUtf8View(type) ? viewCodes(data, from, to) : textCodes(data, from, to);
}

/** Strings that lie one after the other, of which only the distinct ones are decoded. */
function textCodes(data: Data, from: number, to: number): CategoryValues {
  const bytes: Uint8Array = data.values;
  const coder = createTextCoder(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength), to - from);
  const valid = validity(data);
  const offset = offsetReader(data);
  for (let i = from; i < to; i++) {
    if (valid === null || (valid[i >> 3] >> (i & 7)) & 1) coder.add(offset(i), offset(i + 1));
    else coder.addMissing();
  }
  return coder.values();
}

function viewCodes(data: Data, from: number, to: number): CategoryValues {
  const coder = createCoder(to - from);
  const valid = validity(data);
  const text = viewReader(data);
  for (let i = from; i < to; i++) coder.add(valid === null || (valid[i >> 3] >> (i & 7)) & 1 ? text(i) : null);
  return coder.values;
}

function booleans(data: Data, from: number, to: number): CategoryValues {
  const bits: Uint8Array = data.values;
  const codes = new Int32Array(to - from);
  for (let i = from; i < to; i++) codes[i - from] = (bits[i >> 3] >> (i & 7)) & 1;
  return { kind: 'category', codes: withNulls(codes, data, from, to), dictionary: BOOLEANS };
}

function dictionaryCodes(data: Data<Dictionary>, from: number, to: number): CategoryValues {
  const codes =
    data.values instanceof BigInt64Array
      ? lowWords(data.values, from, to)
      : new Int32Array(data.values.subarray(from, to));
  const { strings, nullCodes } = dictionaryStrings(data);
  withNulls(codes, data, from, to);
  if (nullCodes.size > 0) {
    for (let i = 0; i < codes.length; i++) if (nullCodes.has(codes[i])) codes[i] = -1;
  }
  return { kind: 'category', codes, dictionary: strings };
}

/** 64-bit codes, which fit 32 bits: a dictionary has fewer than 2^31 entries. */
function lowWords(values: ArrayBufferView, from: number, to: number): Int32Array {
  const low = words(values);
  return Int32Array.from({ length: to - from }, (_, i) => low[2 * (from + i)]);
}

interface DictionaryStrings {
  readonly strings: readonly string[];
  /** Codes of entries that are themselves null. */
  readonly nullCodes: ReadonlySet<number>;
}

/** A dictionary is decoded once, not once a batch. */
const decodedDictionaries = new WeakMap<object, DictionaryStrings>();

function dictionaryStrings({ dictionary }: Data<Dictionary>): DictionaryStrings {
  if (!dictionary) return { strings: [], nullCodes: new Set() };
  let decoded = decodedDictionaries.get(dictionary);
  if (decoded === undefined) {
    const strings: string[] = [];
    const nullCodes = new Set<number>();
    for (const part of dictionary.data) {
      forEachNull(part, 0, part.length, (i) => nullCodes.add(strings.length + i));
      const text = stringReader(part);
      for (let i = 0; i < part.length; i++) strings.push(text(i));
    }
    decoded = { strings, nullCodes };
    decodedDictionaries.set(dictionary, decoded);
  }
  return decoded;
}

/** The string at a row. (Not a TextDecoder's: it would swallow a byte order mark.) */
function stringReader(data: Data): (row: number) => string {
  if (DataType.isUtf8View(data.type)) return viewReader(data);
  const bytes: Uint8Array = data.values;
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const offset = offsetReader(data);
  return (row) => text.toString('utf8', offset(row), offset(row + 1));
}

/** A view is 16 bytes: a length, then the string itself up to 12 bytes, else a prefix, a buffer's number and an offset. */
function viewReader(data: Data): (row: number) => string {
  const bytes: Uint8Array = data.values;
  const views = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const buffers = data.variadicBuffers.map((part) => Buffer.from(part.buffer, part.byteOffset, part.byteLength));
  return (row) => {
    const at = 16 * row;
    const length = views.readInt32LE(at);
    if (length <= 12) return views.toString('utf8', at + 4, at + 4 + length);
    const start = views.readInt32LE(at + 12);
    return buffers[views.readInt32LE(at + 8)].toString('utf8', start, start + length);
  };
}

/** Where the string or the list of a row begins among the values of its column; that of the row after it, where it ends. */
export function offsetReader(data: Data): (row: number) => number {
  const { type } = data;
  if (DataType.isFixedSizeList(type)) return (row) => row * type.listSize;
  if (DataType.isUtf8(type) || DataType.isList(type)) {
    const offsets: Int32Array = data.valueOffsets;
    return (row) => offsets[row];
  }
  const offsets = words(data.valueOffsets);
  return (row) => offsets[2 * row] + TWO_32 * offsets[2 * row + 1];
}

/** Bits of the rows that are not null; null where none is. */
export function validity(data: Data): Uint8Array | null {
  return data.nullCount > 0 && data.nullBitmap ? data.nullBitmap : null;
}

function withNulls(codes: Int32Array, data: Data, from: number, to: number): Int32Array {
  forEachNull(data, from, to, (i) => {
    codes[i] = -1;
  });
  return codes;
}

/** Calls `visit` with the position, from `from`, of every null; whole bytes of valid rows cost one look. */
function forEachNull(data: Data, from: number, to: number, visit: (i: number) => void): void {
  const valid = validity(data);
  if (valid === null) return;
  for (let i = from; i < to; ) {
    const byte = valid[i >> 3] >> (i & 7);
    const end = Math.min(to, (i | 7) + 1);
    if (byte === 0xff >> (i & 7)) {
      i = end;
      continue;
    }
    for (let bits = byte; i < end; i++, bits >>= 1) if ((bits & 1) === 0) visit(i - from);
  }
}
