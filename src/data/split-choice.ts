/**
 * How the rows to hold out are chosen, as a user writes it:
 *
 *   random        any rows
 *   stratified    of every class the same share
 *   auto          stratified for classes, random for numbers
 *   time:COL      the latest rows by a column of times or numbers
 *   group:COL     whole groups of rows that share a value of a column
 */

export const PLAIN_SPLITS = ['random', 'stratified', 'auto'] as const;
type PlainSplit = (typeof PLAIN_SPLITS)[number];

export type SplitText = PlainSplit | `time:${string}` | `group:${string}`;

export type SplitChoice = { readonly by: PlainSplit } | { readonly by: 'time' | 'group'; readonly column: string };

/** What such a text says. */
export function parseSplit(text: SplitText): SplitChoice {
  if (text.startsWith('time:')) return { by: 'time', column: text.slice('time:'.length) };
  if (text.startsWith('group:')) return { by: 'group', column: text.slice('group:'.length) };
  return { by: text as PlainSplit };
}
