/**
 * Arrow arrays as paragrad reads them: numbers with NaN for null, times in seconds, or codes of strings with -1 for null.
 *
 * Each function decodes rows from .. to (exclusive) of one column of one record batch, as it came out of an IPC file:
 * offset 0, little-endian buffers; into memory of `scratch`, but for what can be given as it is. No BigInt is made: 64-bit integers are read as two 32-bit words.
 */
import type { Data } from 'apache-arrow/data';
import type { TimeUnit as Unit } from 'apache-arrow/enum';
import type { Decimal, Dictionary, Duration, Time, Timestamp, DataType as Type } from 'apache-arrow/type';
import type { CodeStrings } from '../../kernels/strings.js';
import { createCoder } from '../distinct.js';
import type { CategoryValues, ColumnKind, Numbers, NumberValues } from '../table.js';
import { createTextCoder } from '../text-codes.js';
import { DataType, DateUnit, Precision, TimeUnit } from './arrow-library.js';
import type { Scratch } from './scratch.js';

const TWO_32 = 0x1_0000_0000;
const BOOLEANS = ['false', 'true'];

/** How a column of this type can be used. */
export function kindOf(type: Type): ColumnKind {
  if (isNumber(type) || DataType.isNull(type) || DataType.isDuration(type)) return 'number';
  if (DataType.isTimestamp(type) || DataType.isDate(type)) return 'time';
  if (DataType.isTime(type)) return 'clock';
  if (isString(type) || (DataType.isDictionary(type) && isString(type.dictionary))) return 'category';
  return DataType.isBool(type) ? 'boolean' : 'unsupported';
}

/** Whether a vector may be made of it. */
export function isNumber(type: Type): boolean {
  return DataType.isInt(type) || DataType.isFloat(type) || DataType.isDecimal(type);
}

function isString(type: Type): boolean {
  return DataType.isUtf8(type) || DataType.isLargeUtf8(type) || DataType.isUtf8View(type);
}

/** A column of kind `number`, `time` or `clock`. Floats without nulls are not copied. */
export function decodeNumbers(data: Data, from: number, to: number, scratch: Scratch): NumberValues {
  const values = isPlain(data) ? data.values.subarray(from, to) : numbers(data, from, to, scratch);
  markNulls(data, from, values, Number.NaN);
  return { kind: 'number', values };
}

/** Whether the buffer holds the values as they are wanted. */
function isPlain(data: Data): boolean {
  const { type } = data;
  return DataType.isFloat(type) && type.precision !== Precision.HALF && validity(data) === null;
}

function numbers(data: Data, from: number, to: number, scratch: Scratch): Numbers {
  const { type } = data;
  const rows = to - from;
  const isSingle = DataType.isFloat(type) && type.precision === Precision.SINGLE;
  const out = isSingle ? scratch.float32(rows) : scratch.float64(rows);
  if (DataType.isNull(type)) out.fill(Number.NaN);
  else if (DataType.isDecimal(type)) decimals(words(data.values), type, from, out);
  else if (DataType.isInt(type) && type.bitWidth === 64) integers64(words(data.values), type.isSigned, from, out);
  else if (DataType.isFloat(type) && type.precision === Precision.HALF) halves(data.values, from, out);
  else if (DataType.isInt(type) || DataType.isFloat(type)) out.set(data.values.subarray(from, to));
  else seconds(data, from, out);
  return out;
}

const UNITS_PER_SECOND: Record<Unit, number> = {
  [TimeUnit.SECOND]: 1,
  [TimeUnit.MILLISECOND]: 1e3,
  [TimeUnit.MICROSECOND]: 1e6,
  [TimeUnit.NANOSECOND]: 1e9,
};
const SECONDS_PER_DAY = 86_400;

/** Dates, timestamps, times and durations: integers of some unit. */
function seconds(data: Data, from: number, out: Numbers): void {
  const { type } = data;
  const isDay = DataType.isDate(type) && type.unit === DateUnit.DAY;
  const isNarrow = isDay || (DataType.isTime(type) && type.bitWidth === 32);
  if (isNarrow) out.set(data.values.subarray(from, from + out.length));
  else integers64(words(data.values), true, from, out);
  if (isDay) {
    for (let i = 0; i < out.length; i++) out[i] *= SECONDS_PER_DAY;
    return;
  }
  const units = DataType.isDate(type) ? 1e3 : UNITS_PER_SECOND[(type as Time | Timestamp | Duration).unit];
  for (let i = 0; i < out.length; i++) out[i] /= units;
}

/** The 32-bit words of a buffer. */
function words(values: ArrayBufferView): Uint32Array {
  return new Uint32Array(values.buffer, values.byteOffset, values.byteLength >>> 2);
}

/** Correctly rounded: the high word's product is exact, and one addition rounds. */
function integers64(words: Uint32Array, signed: boolean, from: number, out: Numbers): void {
  for (let i = 0; i < out.length; i++) {
    const at = 2 * (from + i);
    const high = signed ? words[at + 1] | 0 : words[at + 1];
    out[i] = high * TWO_32 + words[at];
  }
}

/** Two's complement integers of 1, 2, 4 or 8 words over a power of ten; correctly rounded up to 2^53. */
function decimals(words: Uint32Array, type: Decimal, from: number, out: Numbers): void {
  const width = type.bitWidth >>> 5;
  const unit = Number(`1e${type.scale}`);
  for (let i = 0; i < out.length; i++) {
    const end = (from + i + 1) * width;
    // The magnitude is summed, from the most significant word: near zero a negative number is all ones.
    const negative = words[end - 1] >>> 31 === 1;
    let magnitude = 0;
    for (let w = 1; w <= width; w++) {
      magnitude = magnitude * TWO_32 + (negative ? ~words[end - w] >>> 0 : words[end - w]);
    }
    out[i] = (negative ? -(magnitude + 1) : magnitude) / unit;
  }
}

/** IEEE 754 binary16, which float64 holds exactly. */
function halves(bits: Uint16Array, from: number, out: Numbers): void {
  for (let i = 0; i < out.length; i++) {
    const half = bits[from + i];
    const exponent = (half >>> 10) & 31;
    const fraction = half & 1023;
    let value: number;
    if (exponent === 0) value = fraction / 0x100_0000;
    else if (exponent === 31) value = fraction === 0 ? Number.POSITIVE_INFINITY : Number.NaN;
    else value = ((1024 + fraction) * (1 << exponent)) / 0x200_0000;
    out[i] = half >>> 15 === 1 ? -value : value;
  }
}

/**
 * A column of kind `category` or `boolean`.
 *
 * @param codeStrings codes strings faster, and as they would be without it
 */
export function decodeCategory(
  data: Data,
  from: number,
  to: number,
  scratch: Scratch,
  codeStrings: CodeStrings | null,
): CategoryValues {
  const { type } = data;
  if (DataType.isBool(type)) return booleans(data, from, to, scratch);
  if (DataType.isDictionary(type)) return dictionaryCodes(data as Data<Dictionary>, from, to, scratch);
  if (DataType.isUtf8View(type)) return viewCodes(data, from, to);
  return codeStrings !== null && DataType.isUtf8(type)
    ? kernelCodes(data, from, scratch.int32(to - from), codeStrings)
    : textCodes(data, from, to);
}

function kernelCodes(data: Data, from: number, codes: Int32Array, codeStrings: CodeStrings): CategoryValues {
  const text = stringReader(data);
  const firsts = codeStrings(data.values, data.valueOffsets, validity(data), from, codes);
  return { kind: 'category', codes, dictionary: Array.from(firsts, (row) => text(from + row)) };
}

/** Strings that lie one after the other, of which only the distinct ones are decoded. */
function textCodes(data: Data, from: number, to: number): CategoryValues {
  const bytes: Uint8Array = data.values;
  const coder = createTextCoder(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength), to - from);
  const valid = validity(data);
  const offset = offsetReader(data);
  for (let i = from; i < to; i++) {
    if (isValid(valid, i)) coder.add(offset(i), offset(i + 1));
    else coder.addMissing();
  }
  return coder.values();
}

function viewCodes(data: Data, from: number, to: number): CategoryValues {
  const coder = createCoder(to - from);
  const valid = validity(data);
  const text = viewReader(data);
  for (let i = from; i < to; i++) coder.add(isValid(valid, i) ? text(i) : null);
  return coder.values;
}

function booleans(data: Data, from: number, to: number, scratch: Scratch): CategoryValues {
  const bits: Uint8Array = data.values;
  const codes = scratch.int32(to - from);
  for (let i = from; i < to; i++) codes[i - from] = (bits[i >> 3] >> (i & 7)) & 1;
  markNulls(data, from, codes, -1);
  return { kind: 'category', codes, dictionary: BOOLEANS };
}

function dictionaryCodes(data: Data<Dictionary>, from: number, to: number, scratch: Scratch): CategoryValues {
  const codes = scratch.int32(to - from);
  if (data.values instanceof BigInt64Array) lowWords(words(data.values), from, codes);
  else codes.set(data.values.subarray(from, to));
  const { strings, nullCodes } = dictionaryStrings(data);
  markNulls(data, from, codes, -1);
  if (nullCodes.size > 0) {
    for (let i = 0; i < codes.length; i++) if (nullCodes.has(codes[i])) codes[i] = -1;
  }
  return { kind: 'category', codes, dictionary: strings };
}

/** 64-bit codes, which fit 32 bits: a dictionary has fewer than 2^31 entries. */
function lowWords(words: Uint32Array, from: number, codes: Int32Array): void {
  for (let i = 0; i < codes.length; i++) codes[i] = words[2 * (from + i)];
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
      const text = stringReader(part);
      const valid = validity(part);
      for (let i = 0; i < part.length; i++) {
        if (!isValid(valid, i)) nullCodes.add(strings.length);
        strings.push(text(i));
      }
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

/** Whether the value at this position is not null, by the bits of `validity`. */
export function isValid(valid: Uint8Array | null, at: number): boolean {
  return valid === null || ((valid[at >> 3] >> (at & 7)) & 1) === 1;
}

/** Puts `missing` where rows from .. are null; whole bytes of valid rows cost one look. */
function markNulls(data: Data, from: number, values: Numbers | Int32Array, missing: number): void {
  const valid = validity(data);
  if (valid === null) return;
  for (let i = 0; i < values.length; ) {
    const at = from + i;
    if ((at & 7) === 0 && valid[at >> 3] === 0xff) {
      i += 8;
      continue;
    }
    if (((valid[at >> 3] >> (at & 7)) & 1) === 0) values[i] = missing;
    i++;
  }
}
