/**
 * What becomes of each category: an input for each of its values; with too many of them, inputs for buckets; and nothing,
 * where nearly every row has a value of its own, as an identifier has: nothing can be learnt of it but the rows by heart.
 * Where it is asked for, two values share one input, and more than a few are embedded.
 */
import { BUCKETS } from './buckets.js';
import { shellName, show } from './columns.js';
import type { CategoryInput, InputEncoding } from './preprocess.js';
import type { LoadContext } from './stages.js';
import { MOST_VALUES } from './survey.js';
import type { CategoryValues, Column, Table } from './table.js';

/** With so many distinct values or fewer, a column is no identifier. */
const FEW_VALUES = 100;
/** Rows that are looked at to tell: the first of the file. */
const IDENTIFIER_ROWS = 100_000;
/** Distinct values over rows that have one, from which a column is an identifier. */
const IDENTIFIER_SHARE = 0.95;
/** With more values than this, a category is embedded where embeddings are asked for; as RealMLP has it. */
const MOST_ONE_HOT = 8;

export interface EncodedCategories {
  readonly inputs: readonly CategoryInput[];
  /** What the user should know, one line each. */
  readonly notes: readonly string[];
}

/**
 * @param values of each column, sorted; MOST_VALUES + 1 of them mean more
 * @param named columns that are kept, whatever they hold
 */
export async function encodeCategories(
  table: Table,
  columns: readonly Column[],
  values: readonly (readonly string[])[],
  named: readonly string[] | undefined,
  encode: readonly InputEncoding[],
  { signal }: LoadContext,
): Promise<EncodedCategories> {
  const inputs: CategoryInput[] = [];
  const notes: string[] = [];
  for (const [i, { name, kind }] of columns.entries()) {
    const subject = `column ${show({ name })} of ${table.location}`;
    if (values[i].length === 0) {
      notes.push(`${subject} is left out: it is missing in every row`);
      continue;
    }
    const suspect = kind === 'category' && values[i].length > FEW_VALUES && !named?.includes(name);
    if (suspect && (await isIdentifier(table, name, values[i], signal))) {
      notes.push(
        `${subject} is left out: nearly every row has another value, as an identifier has (--features ${shellName(name)} keeps it)`,
      );
    } else if (values[i].length > MOST_VALUES) {
      notes.push(`${subject} has more than ${MOST_VALUES} values, and is hashed into ${BUCKETS} buckets`);
      inputs.push({ name, values: [], buckets: BUCKETS, ...encodingOf(BUCKETS, encode) });
    } else {
      inputs.push({ name, values: values[i], ...encodingOf(values[i].length, encode) });
    }
  }
  return { inputs, notes };
}

function encodingOf(values: number, encode: readonly InputEncoding[]): Pick<CategoryInput, 'encoding'> {
  if (encode.includes('sign') && values === 2) return { encoding: 'sign' };
  return encode.includes('embedding') && values > MOST_ONE_HOT ? { encoding: 'embedding' } : {};
}

/** @param values as `encodeCategories` has them: where that is all of them, they need not be read as strings */
async function isIdentifier(
  table: Table,
  name: string,
  values: readonly string[],
  signal: AbortSignal | undefined,
): Promise<boolean> {
  const rowEnd = Math.min(IDENTIFIER_ROWS, table.rows);
  const known = new Map(values.length > MOST_VALUES ? [] : [[name, values]]);
  const mostRepeats = Math.floor((1 - IDENTIFIER_SHARE) * rowEnd);
  const distinct = new Set<string>();
  let rows = 0;
  for await (const { columns } of table.read({ columns: [name], rowEnd, values: known, signal })) {
    const [category] = columns as readonly CategoryValues[];
    for (const code of category.codes) {
      if (code < 0) continue;
      rows++;
      distinct.add(category.dictionary[code]);
    }
    if (rows - distinct.size > mostRepeats) return false; // whatever follows
  }
  return distinct.size > FEW_VALUES && distinct.size >= IDENTIFIER_SHARE * rows;
}
