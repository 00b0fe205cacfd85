/** Small Arrow files for the tests of commands. */
import { writeFile } from 'node:fs/promises';
import { Bool, Float64, tableFromArrays, tableToIPC, Utf8, vectorFromArray } from 'apache-arrow';

type Values = readonly (number | null)[] | readonly (string | null)[] | readonly (boolean | null)[];

/** Writes columns as float64, utf8 or bool, by their first value that is not null (float64 when there is none). */
export async function writeArrowFile(path: string, columns: Readonly<Record<string, Values>>): Promise<void> {
  const vectors = Object.entries(columns).map(([name, values]) => {
    const sample = values.find((value) => value !== null);
    const type = typeof sample === 'string' ? new Utf8() : typeof sample === 'boolean' ? new Bool() : new Float64();
    return [name, vectorFromArray(values as readonly unknown[], type)];
  });
  await writeFile(path, tableToIPC(tableFromArrays(Object.fromEntries(vectors)), 'file'));
}
