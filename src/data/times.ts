/**
 * What a network learns of a time: the trend, and where in the day, the week and the year it is, as far as the training
 * rows spread enough for that to mean anything. A place in a cycle is a point on a circle, two numbers, so that 23:59 is
 * next to 00:00. A time is in seconds since 1970-01-01 UTC; a time of day in seconds since midnight.
 *
 * A year is 365.2425 days, so its circle is never more than a day off the calendar's.
 */
import { cosineOfTurn, sineOfTurn } from '../kernels/trigonometry.js';
import type { Numbers } from './table.js';

export const TIME_PARTS = ['days', 'sin day', 'cos day', 'sin week', 'cos week', 'sin year', 'cos year'] as const;

/** `days` is days since 1970; the others are the coordinates of a point on a circle. */
export type TimePart = (typeof TIME_PARTS)[number];

const DAY = 86_400;
const WEEK = 7 * DAY;
const YEAR = 365.2425 * DAY;

/** How the values of a time column spread over all rows of a table; plain data that joins. */
export interface TimeSpread {
  /** Infinity where there is no value. */
  readonly min: number;
  readonly max: number;
  /** Whether every value is midnight. */
  readonly wholeDays: boolean;
}

export const NO_SPREAD: TimeSpread = { min: Number.POSITIVE_INFINITY, max: Number.NEGATIVE_INFINITY, wholeDays: true };

export function joinSpreads(a: TimeSpread, b: TimeSpread): TimeSpread {
  return { min: Math.min(a.min, b.min), max: Math.max(a.max, b.max), wholeDays: a.wholeDays && b.wholeDays };
}

/** The spread of values, missing ones apart. */
export function spreadOf(values: Numbers): TimeSpread {
  let { min, max, wholeDays } = NO_SPREAD;
  for (let i = 0; i < values.length; i++) {
    const value = values[i];
    if (Number.isNaN(value)) continue;
    if (value < min) min = value;
    if (value > max) max = value;
    if (wholeDays && value % DAY !== 0) wholeDays = false;
  }
  return { min, max, wholeDays };
}

/** What becomes of a column of points in time: a part for each that its spread warrants, the trend first. */
export function partsOfTime({ min, max, wholeDays }: TimeSpread): TimePart[] {
  const span = max - min;
  const parts: TimePart[] = ['days'];
  if (span > DAY && !wholeDays) parts.push('sin day', 'cos day');
  if (span > WEEK) parts.push('sin week', 'cos week');
  if (span > YEAR) parts.push('sin year', 'cos year');
  return parts;
}

/** What becomes of a column of times of day. */
export const PARTS_OF_CLOCK: readonly TimePart[] = ['sin day', 'cos day'];

/** The function that takes a part of a time; NaN for NaN. */
export function takePart(part: TimePart): (seconds: number) => number {
  switch (part) {
    case 'days':
      return (seconds) => seconds / DAY;
    case 'sin day':
      return (seconds) => sineOfTurn(turn(seconds, DAY));
    case 'cos day':
      return (seconds) => cosineOfTurn(turn(seconds, DAY));
    case 'sin week':
      return (seconds) => sineOfTurn(turn(seconds, WEEK));
    case 'cos week':
      return (seconds) => cosineOfTurn(turn(seconds, WEEK));
    case 'sin year':
      return (seconds) => sineOfTurn(turn(seconds, YEAR));
    case 'cos year':
      return (seconds) => cosineOfTurn(turn(seconds, YEAR));
  }
}

/** The part of a period that has passed, 0 <= … <= 1. */
function turn(seconds: number, period: number): number {
  return (seconds - Math.floor(seconds / period) * period) / period;
}
