/** What the options of a run have in common: how their text is read, and the kinds of value that several of them take. */
import { z } from 'zod';
import type { OptionHint } from '../options.js';

/** The names of a registry, as choices. */
export function namesOf<T extends object>(registry: T): (keyof T & string)[] {
  return Object.keys(registry) as (keyof T & string)[];
}

/** A number where the text is one, else the text, for the schema to judge. */
export function numeric(text: string): unknown {
  return text.trim() !== '' && Number.isFinite(Number(text)) ? Number(text) : text;
}

/** "256,256" -> [256, 256]; "" -> []. */
export function numericList(text: string): unknown {
  return text.trim() === '' ? [] : text.split(',').map(numeric);
}

/** One of some names. */
export function choice<const T extends readonly string[]>(names: T, group: OptionHint['group']) {
  return { schema: z.enum(names), hint: { group, argument: 'NAME', expected: `one of ${names.join(', ')}` } };
}

export const filePath = z.string().min(1);
export const count = z.int().min(1);
export const atLeastZero = z.number().min(0);
export const aboveZero = z.number().gt(0);
export const belowOne = z.number().min(0).lt(1);

export const countHint = { argument: 'N', expected: 'a whole number of at least 1', parse: numeric } as const;
export const aboveZeroHint = { argument: 'X', expected: 'a number above 0', parse: numeric } as const;
export const atLeastZeroHint = { argument: 'X', expected: 'a number of at least 0', parse: numeric } as const;
export const belowOneHint = {
  argument: 'X',
  expected: 'a number from 0 up to, but not including, 1',
  parse: numeric,
} as const;
