import { expect, it } from 'vitest';
import type { ReadingEvent } from '../../src/train/events.js';
import { tellReading } from '../../src/train/reading.js';

it('tells twice a second how far a table is read, and nothing in the first half second', () => {
  let now = 0;
  const told: ReadingEvent[] = [];
  const listen = tellReading(
    (event) => told.push(event),
    () => now,
  );
  for (const [time, rows] of [
    [7000, 100],
    [7400, 200],
    [7500, 300],
    [7900, 350],
    [8100, 400],
  ]) {
    now = time;
    listen({ location: 'large.parquet', rows, of: 400 });
  }
  expect(told).toEqual([
    { type: 'reading', data: 'large.parquet', rows: 300, share: 0.75 },
    { type: 'reading', data: 'large.parquet', rows: 400, share: 1 },
  ]);
});
