/**
 * The tables of a folder that come in two parts: NAME.train.EXT and NAME.test.EXT. The target is the last column, or what
 * --targets NAME=COLUMN,… says, or NAME.json beside them: { "target": "price", "task": "regression" }.
 */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { openTable } from '../../dist/src/data/open.js';

/**
 * @param {string} folder
 * @param {string | undefined} wanted the tables wanted, with commas between them; undefined: all
 * @param {string | undefined} targets NAME=COLUMN, with commas between them
 * @returns {Promise<{ name: string, train: string, test: string, target: string, task?: string }[]>}
 */
export async function findTables(folder, wanted, targets) {
  const names = wanted?.split(',') ?? null;
  const named = new Map((targets?.split(',') ?? []).map((pair) => pair.split('=')));
  const parts = readdirSync(folder)
    .map((file) => /^(.+)\.train\.([^.]+)$/.exec(file))
    .filter((match) => match !== null && existsSync(join(folder, `${match[1]}.test.${match[2]}`)))
    .filter((match) => names === null || names.includes(match[1]));
  return await Promise.all(
    parts.map(async ([file, name, extension]) => {
      const train = join(folder, file);
      const test = join(folder, `${name}.test.${extension}`);
      const beside = join(folder, `${name}.json`);
      const said = existsSync(beside) ? JSON.parse(readFileSync(beside, 'utf8')) : {};
      const target = named.get(name) ?? said.target ?? (await lastColumn(train));
      return { name, train, test, ...said, target };
    }),
  );
}

async function lastColumn(path) {
  const table = await openTable(path, { threads: 1 });
  try {
    return table.columns.at(-1).name;
  } finally {
    await table.close();
  }
}
