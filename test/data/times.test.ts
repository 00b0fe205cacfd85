/** Times as a network sees them: the bound of sine and cosine, the parts and when they are made, the same in every format. */

import { writeFileSync } from 'node:fs';
import {
  Date_,
  DateUnit,
  Duration,
  Field,
  Int64,
  makeData,
  RecordBatch,
  RecordBatchFileWriter,
  Schema,
  Struct,
  Time,
  Timestamp,
  TimeUnit,
} from 'apache-arrow';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { loadTraining } from '../../src/data/load.js';
import { featureNames } from '../../src/data/preprocess.js';
import { executeInline } from '../../src/data/tasks.js';
import { partsOfTime, spreadOf, takePart } from '../../src/data/times.js';
import { cosineOfTurn, sineOfTurn } from '../../src/kernels/trigonometry.js';
import { freshPath, readColumns, withTable, writeParquetQuery } from './tables.js';

/** Bits after the binary point of the oracle's integers. */
const BITS = 200n;
const ONE = 1n << BITS;
/** pi, to 60 decimal places. */
const PI = (3141592653589793238462643383279502884197169399375105820974944n * ONE) / 10n ** 60n;

/** sin of an angle, both scaled by 2^200, by Taylor's series. */
function sineOracle(x: bigint): bigint {
  let term = x;
  let sum = x;
  for (let n = 1n; term !== 0n; n++) {
    term = (-term * x * x) / (ONE * ONE) / (2n * n * (2n * n + 1n));
    sum += term;
  }
  return sum;
}

/** |value - oracle| in units of 2^-51. */
function error(value: number, oracle: bigint): number {
  const scaled = BigInt(Math.round(value * 2 ** 60)) << (BITS - 60n);
  const off = scaled > oracle ? scaled - oracle : oracle - scaled;
  return Number(off >> (BITS - 80n)) / 2 ** 29;
}

describe('sine and cosine of turns', () => {
  const turns = fc.oneof(
    fc.double({ min: 0, max: 1, noNaN: true }),
    fc.integer({ min: 0, max: 86_400 }).map((second) => second / 86_400),
    fc.integer({ min: 0, max: 16 }).map((sixteenth) => sixteenth / 16),
  );

  it('are within 2^-51', () => {
    fc.assert(
      fc.property(turns, (t) => {
        const exact = BigInt(Math.round(t * 2 ** 53)) << (BITS - 53n);
        fc.pre(Number(exact >> (BITS - 53n)) / 2 ** 53 === t);
        const angle = (2n * PI * exact) / ONE;
        expect(error(sineOfTurn(t), sineOracle(angle))).toBeLessThanOrEqual(1);
        expect(error(cosineOfTurn(t), sineOracle(angle + PI / 2n))).toBeLessThanOrEqual(1);
      }),
      { numRuns: 2000 },
    );
  });

  it('are exact at quarters', () => {
    expect([0, 0.25, 0.5, 0.75, 1].map((t) => sineOfTurn(t) + 0)).toEqual([0, 1, 0, -1, 0]);
    expect([0, 0.25, 0.5, 0.75, 1].map((t) => cosineOfTurn(t) + 0)).toEqual([1, 0, -1, 0, 1]);
  });

  it('are NaN for NaN', () => {
    expect(sineOfTurn(Number.NaN)).toBeNaN();
    expect(cosineOfTurn(Number.NaN)).toBeNaN();
  });
});

const HOUR = 3600;
const DAY = 24 * HOUR;

describe('the parts of a time', () => {
  const spread = (...values: number[]) => partsOfTime(spreadOf(Float64Array.from(values)));

  it.each([
    ['one moment', [5], ['days']],
    ['an afternoon', [0, 5 * HOUR], ['days']],
    ['hours of two days', [HOUR, 2 * DAY], ['days', 'sin day', 'cos day']],
    ['whole days of a month', [0, 30 * DAY], ['days', 'sin week', 'cos week']],
    ['hours of a month', [0, 30 * DAY + 1], ['days', 'sin day', 'cos day', 'sin week', 'cos week']],
    ['whole days of years', [-DAY, Number.NaN, 900 * DAY], ['days', 'sin week', 'cos week', 'sin year', 'cos year']],
    ['nothing', [Number.NaN], ['days']],
  ])('of %s', (_, values, parts) => expect(spread(...values)).toEqual(parts));

  it('come round after their period, before 1970 too', () => {
    for (const [part, period] of [
      ['sin day', DAY],
      ['cos week', 7 * DAY],
      ['sin year', 365.2425 * DAY],
    ] as const) {
      const take = takePart(part);
      for (const seconds of [0, 1234.5, 5 * DAY + 7]) {
        expect(take(seconds - 40 * period)).toBeCloseTo(take(seconds), 9);
        expect(take(seconds + 25 * period)).toBeCloseTo(take(seconds), 9);
      }
    }
    expect(takePart('sin day')(6 * HOUR)).toBe(1);
    expect(takePart('cos day')(-12 * HOUR)).toBe(-1);
    expect(takePart('days')(1.5 * DAY)).toBe(1.5);
  });
});

/** Writes columns of 64-bit integers as Arrow columns of these types. */
function writeArrowTimes(
  types: Record<string, ConstructorParameters<typeof Field>[1]>,
  values: readonly bigint[],
): string {
  const fields = Object.entries(types).map(([name, type]) => new Field(name, type, true));
  const children = fields.map(({ type }) =>
    makeData({ type, length: values.length, data: BigInt64Array.from(values) } as never),
  );
  const struct = makeData({ type: new Struct(fields), length: values.length, children });
  const writer = new RecordBatchFileWriter();
  writer.write(new RecordBatch(new Schema(fields), struct));
  const path = freshPath('.arrow');
  writeFileSync(path, writer.finish().toUint8Array(true));
  return path;
}

describe('reading', () => {
  it('gives seconds, whatever the unit (Arrow)', async () => {
    const types = {
      s: new Timestamp(TimeUnit.SECOND, null),
      ms: new Timestamp(TimeUnit.MILLISECOND, 'UTC'),
      ns: new Timestamp(TimeUnit.NANOSECOND, 'Europe/Oslo'),
      dateMs: new Date_(DateUnit.MILLISECOND),
      time: new Time(TimeUnit.MICROSECOND, 64),
      duration: new Duration(TimeUnit.MILLISECOND),
      plain: new Int64(),
    };
    await withTable(writeArrowTimes(types, [-1500n, 0n, 86_400_000n]), async (table) => {
      const kinds = table.columns.map(({ kind }) => kind);
      expect(kinds).toEqual(['time', 'time', 'time', 'time', 'clock', 'number', 'number']);
      expect(await readColumns(table.read({ columns: Object.keys(types) }), Object.keys(types))).toEqual({
        s: [-1500, 0, 86_400_000],
        ms: [-1.5, 0, 86_400],
        ns: [-1.5e-6, 0, 0.0864],
        dateMs: [-1.5, 0, 86_400],
        time: [-0.0015, 0, 86.4],
        duration: [-1.5, 0, 86_400],
        plain: [-1500, 0, 86_400_000],
      });
    });
  });

  it('gives seconds, whatever the unit (Parquet)', async () => {
    const path = await writeParquetQuery(
      `SELECT TIMESTAMP_NS '2020-01-01 00:00:00.000000512' AS ns, TIMESTAMPTZ '2020-01-01 01:00:00+01' AS tz,
        TIMESTAMP_S '1960-01-01 00:00:01' AS s, DATE '1969-12-31' AS day, TIME '12:30:00.5' AS time,
        INTERVAL '90 minutes' AS interval`,
    );
    const names = ['ns', 'tz', 's', 'day', 'time', 'interval'];
    await withTable(path, async (table) => {
      expect(table.columns.map(({ kind }) => kind)).toEqual(['time', 'time', 'time', 'time', 'clock', 'number']);
      expect(await readColumns(table.read({ columns: names }), names)).toEqual({
        ns: [1_577_836_800.0000005],
        tz: [1_577_836_800],
        s: [-315_619_199],
        day: [-DAY],
        time: [45_000.5],
        interval: [5400],
      });
    });
  });
});

it('become inputs: the trend centred in float64, points on circles, one flag, and a note', async () => {
  const start = 1_700_000_000;
  const path = await writeParquetQuery(
    `SELECT to_timestamp(${start} + i * 40000) AS at, TIME '06:00:00' AS clock, i * 1.5 AS y FROM range(200) t(i)
     UNION ALL SELECT NULL, NULL, 3.25`,
  );
  const loaded = await withTable(path, (table) =>
    loadTraining({
      table,
      target: 'y',
      validation: 0,
      scale: 'standard',
      scaleTarget: 'standard',
      dropMissingTarget: false,
      seed: 0,
      execute: executeInline,
    }),
  );
  expect(featureNames(loaded.preprocessing)).toEqual([
    ...['at (days)', 'at (sin day)', 'at (cos day)', 'at (sin week)', 'at (cos week)'],
    ...['clock (sin day)', 'clock (cos day)', 'at is missing', 'clock is missing'],
  ]);
  expect(loaded.notes).toEqual([
    expect.stringContaining('column "at" of'),
    expect.stringContaining('is read as time of day (sine and cosine)'),
  ]);
  expect(loaded.notes[0]).toContain('days, time of day (sine and cosine), time of week (sine and cosine)');
  const [days, sine] = loaded.preprocessing.numbers;
  const words = new Float32Array(loaded.dataset.pieces[0]);
  const { stride } = loaded.dataset.layout;
  for (const row of [0, 7, 199]) {
    const seconds = start + row * 40_000;
    const trend = words[row * stride] * days.scale + days.shift + days.centre;
    expect(Math.abs(trend - seconds / DAY)).toBeLessThan(1e-4);
    const onCircle = words[row * stride + 1] * sine.scale + sine.shift;
    expect(Math.abs(onCircle - Math.sin((2 * Math.PI * seconds) / DAY))).toBeLessThan(1e-6);
  }
  const missing = words.subarray(200 * stride, 201 * stride);
  expect([...missing.subarray(0, 7)]).toEqual([Number.NaN, 0, 0, 0, 0, Number.NaN, 0]);
});
