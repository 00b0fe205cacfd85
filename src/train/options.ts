/**
 * Options that describe themselves: a field of a schema says what it is, what it expects and how its text is read, and what
 * does not fit is refused in one line made of that. What options there are is config.ts's concern.
 */
import { z } from 'zod';
import { nearestNames } from '../data/names.js';
import { ParagradError } from '../errors.js';

/** How an option reads on the command line; see src/commands/config-options.ts. */
export interface OptionHint {
  readonly group: 'Columns' | 'Split' | 'Network' | 'Learning' | 'Preprocessing' | 'Machine' | 'Run';
  /** Placeholder of its value in the help; absent for a flag, and for the positional data. */
  readonly argument?: string;
  /** What a good value is, as it follows "expected" in an error. */
  readonly expected: string;
  /** May be given more than once; the values are collected. */
  readonly repeatable?: boolean;
  /** Command-line text -> value to validate. Default: the text itself. */
  readonly parse?: (text: string) => unknown;
}

/** What the fields of schemas say about themselves besides their types. */
export const optionHints = z.registry<OptionHint>();

/** Makes a field of a schema an option. */
export function option<T extends z.ZodType>(schema: T, description: string, hint: OptionHint): T {
  const described = schema.describe(description);
  optionHints.add(described, hint);
  return described;
}

/** An option that is one of some names, or absent. */
export function optionalChoice<const T extends readonly string[]>(
  names: T,
  description: string,
  group: OptionHint['group'],
) {
  return option(z.enum(names).optional(), description, {
    group,
    argument: 'NAME',
    expected: `one of ${names.join(', ')}`,
  });
}

/** The values that an option can have when they are a list of names, else undefined. */
export function choicesOf(field: z.ZodType): readonly string[] | undefined {
  let schema: unknown = field;
  while (schema instanceof z.ZodDefault || schema instanceof z.ZodOptional) schema = schema.unwrap();
  // A name or something else, such as a path: the names.
  if (schema instanceof z.ZodUnion) schema = schema.options.find((part: unknown) => part instanceof z.ZodEnum);
  return schema instanceof z.ZodEnum ? (schema.options as string[]) : undefined;
}

/** How an option is called in messages; the command line passes its flags. */
export type NameOf = (key: string) => string;

/**
 * Checks options against a schema and fills in the defaults.
 *
 * @throws ParagradError `bad_option`: names the option, what was expected, and what was given
 */
export function parseOptions<S extends z.ZodRawShape>(
  schema: z.ZodObject<S>,
  input: unknown,
  nameOf: NameOf = (key) => key,
): z.output<z.ZodObject<S>> {
  const result = schema.safeParse(input);
  if (!result.success) throw optionError(schema.shape, input, result.error.issues[0]!, nameOf);
  return result.data;
}

function optionError(
  shape: Readonly<Record<string, unknown>>,
  input: unknown,
  issue: z.core.$ZodIssue,
  nameOf: NameOf,
): ParagradError {
  if (issue.code === 'unrecognized_keys') {
    const key = issue.keys[0]!;
    return new ParagradError('bad_option', `unknown option ${show(key)}`, suggest(key, Object.keys(shape)));
  }
  const key = issue.path[0];
  if (key === undefined) {
    return new ParagradError('bad_option', `options must be an object, got ${show(input)}`);
  }
  const field = shape[String(key)] as z.ZodType;
  const got = (input as Record<PropertyKey, unknown>)[key];
  const expected = optionHints.get(field)?.expected ?? 'another value';
  const name = nameOf(String(key));
  const choices = choicesOf(field);
  if (choices !== undefined && typeof got === 'string') {
    const message = `unknown ${name} ${show(got)}, expected ${expected}`;
    return new ParagradError('bad_option', message, suggest(got, choices));
  }
  return new ParagradError('bad_option', `${name}: expected ${expected}, got ${show(got)}`);
}

function suggest(name: string, names: readonly string[]): { hint?: string } {
  const best = nearestNames(name, names)[0];
  return best === undefined ? {} : { hint: `Did you mean ${show(best)}?` };
}

function show(value: unknown): string {
  return value === undefined ? 'nothing' : typeof value === 'number' ? String(value) : JSON.stringify(value);
}
