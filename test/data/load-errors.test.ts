/** Every way in which a table cannot be used ends in one line that names it. */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { afterEach, describe, expect, it } from 'vitest';
import { loadForModel, loadTraining, type TrainingLoad } from '../../src/data/load.js';
import { openTable } from '../../src/data/open.js';
import { closeThreadTables, executeInline } from '../../src/data/tasks.js';
import { ParagradError } from '../../src/errors.js';
import { type Cells, freshPath, tableFile, withTable, writeArrow, writeParquet } from './tables.js';

afterEach(closeThreadTables);

/** The error that a promise ends in. */
async function failure(work: Promise<unknown>): Promise<ParagradError> {
  const error = await work.then(
    () => new Error('nothing was thrown'),
    (thrown: unknown) => thrown,
  );
  if (!(error instanceof ParagradError)) throw error;
  expect(error.message).not.toContain('\n');
  return error;
}

describe('opening', () => {
  it.each([
    ['truncated.parquet', 'truncated', 'truncated'],
    ['truncated.arrow', 'truncated', 'truncated'],
    ['not-parquet.parquet', 'wrong_format', 'not a Parquet file'],
    ['zero-rows.parquet', 'no_rows', 'has no rows'],
    ['absent.parquet', 'no_such_file', 'no such file'],
    ['types/make.py', 'unknown_format', 'no format that paragrad knows'],
    ['absent*.parquet', 'no_such_file', 'no file matches'],
    ['.', 'mixed_formats', 'Parquet'],
  ])('%s is refused as %s', async (file, code, words) => {
    const error = await failure(openTable(tableFile(file)));
    expect(error.code).toBe(code);
    expect(error.exitCode).toBe(2);
    expect(error.message).toContain(words);
    expect(error.message).toContain(file === '.' ? 'tables' : file);
  });

  it('names the formats it knows', async () => {
    expect((await failure(openTable(tableFile('types/make.py')))).hint).toContain('.parquet, .arrow');
  });

  it.each(['.parquet', '.arrow'])(
    'refuses any shortened or damaged %s file in one line, and never hangs',
    async (extension) => {
      const whole = readFileSync(tableFile(extension === '.arrow' ? 'ipc-none.arrow' : 'codec-none.parquet'));
      for (const length of [0, 3, 7, 12, 40, whole.length >> 1, whole.length - 1]) {
        const path = freshPath(extension);
        writeFileSync(path, whole.subarray(0, length));
        const { code } = await failure(openTable(path));
        expect(['truncated', 'wrong_format'], `${length} bytes`).toContain(code);
      }
    },
  );

  it.each(['.parquet', '.arrow'])(
    'reads a %s file with any damage in its footer, or refuses it in one line',
    async (extension) => {
      const whole = readFileSync(tableFile(extension === '.arrow' ? 'ipc-none.arrow' : 'codec-none.parquet'));
      const path = freshPath(extension);
      let refused = 0;
      for (let damage = 0; damage < 60; damage++) {
        const bytes = Buffer.from(whole);
        bytes.fill(
          (damage * 37) & 255,
          whole.length - 12 - 40 * (damage + 1),
          whole.length - 12 - 40 * damage - (damage % 39),
        );
        writeFileSync(path, bytes);
        const read = openTable(path).then(async (table) => {
          const columns = table.columns.filter(({ kind }) => kind !== 'unsupported').map(({ name }) => name);
          try {
            for await (const _ of table.read({ columns }));
          } finally {
            await table.close();
          }
        });
        await read.catch(async (error: unknown) => {
          expect(error).toBeInstanceOf(ParagradError);
          expect((error as ParagradError).kind).toBe('input');
          refused++;
        });
      }
      expect(refused).toBeGreaterThan(5);
    },
  );

  it('refuses a stream that ends anywhere before its end, and a compressed body that is damaged', async () => {
    const whole = readFileSync(tableFile('stream.arrows'));
    const path = freshPath('.arrows');
    for (const length of [8, 600, whole.length >> 1, whole.length - 9, whole.length - 1]) {
      writeFileSync(path, whole.subarray(0, length));
      expect((await failure(openTable(path))).code, `${length} bytes`).toBe('truncated');
    }
  });

  it('reads a stream that ends without the mark of its end, as pyarrow does', async () => {
    const whole = readFileSync(tableFile('stream.arrows'));
    const path = freshPath('.arrows');
    writeFileSync(path, whole.subarray(0, whole.length - 8));
    const rowsOf = (file: string) => withTable(file, async ({ rows }) => rows);
    expect(await rowsOf(path)).toBe(await rowsOf(tableFile('stream.arrows')));
  });

  it.each(['ipc-lz4.arrow', 'ipc-zstd.arrow'])('reports damage in the compressed bodies of %s', async (file) => {
    const whole = readFileSync(tableFile(file));
    const path = freshPath('.arrow');
    let refused = 0;
    for (let damage = 0; damage < 40; damage++) {
      const bytes = Buffer.from(whole);
      bytes.fill(0xff, 4000 + 900 * damage, 4060 + 900 * damage);
      writeFileSync(path, bytes);
      await withTable(path, async (table) => {
        for await (const _ of table.read({ columns: table.columns.map(({ name }) => name) }));
      }).catch((error: unknown) => {
        expect(error).toMatchObject({ code: 'unreadable', message: expect.stringContaining(path) });
        refused++;
      });
    }
    expect(refused).toBeGreaterThan(5);
  });

  it('takes a name with glob and SQL characters for what it is', async () => {
    const folder = freshPath("-a=1 [x] it's*");
    mkdirSync(folder);
    const path = `${folder}/b?.parquet`;
    writeFileSync(path, readFileSync(tableFile('one-row-group.parquet')));
    expect(existsSync(path)).toBe(true);
    await withTable(path, async (table) => {
      expect(table.columns).toHaveLength(18);
      expect(table.rows).toBe(500);
    });
  });
});

const rows = 30;
const good: Cells = {
  size: Array.from({ length: rows }, (_, i) => i / 7),
  colour: Array.from({ length: rows }, (_, i) => 'rgb'[i % 3]),
  price: Array.from({ length: rows }, (_, i) => i * 1.5),
};
const with_ = (name: string, row: number, cell: number | null): Cells => ({
  ...good,
  [name]: good[name].map((value, i) => (i === row ? cell : value)),
});

interface Case {
  readonly cells: Cells;
  readonly options?: Partial<TrainingLoad>;
  readonly code: string;
  readonly says: RegExp;
  readonly hint?: RegExp;
}

const cases: Record<string, Case> = {
  'an unknown target': {
    cells: good,
    options: { target: 'prize' },
    code: 'unknown_column',
    says: /no column "prize" \(the target\)/,
    hint: /Did you mean "price"\?/,
  },
  'an unknown feature, unlike any column': {
    cells: good,
    options: { features: ['zzzzzz'] },
    code: 'unknown_column',
    says: /no column "zzzzzz"/,
    hint: /"size", "colour", "price"/,
  },
  'an unknown column to exclude': {
    cells: good,
    options: { exclude: ['color'] },
    code: 'unknown_column',
    says: /no column "color"/,
    hint: /"colour"/,
  },
  'the target among the features': {
    cells: good,
    options: { features: ['size', 'price'] },
    code: 'conflicting_columns',
    says: /target "price" is listed as a feature/,
  },
  'nothing left to learn from': {
    cells: good,
    options: { exclude: ['size', 'colour'] },
    code: 'no_features',
    says: /no column left/,
  },
  'a target that is missing in every row': {
    cells: { ...good, price: good.price.map(() => null) },
    options: { dropMissingTarget: true },
    code: 'target_missing',
    says: /"price".*missing in every row/,
  },
  'a target that is missing in some rows': {
    cells: with_('price', 4, Number.NaN),
    code: 'target_missing',
    says: /missing in 1 of 30 rows, first in row 4/,
    hint: /--drop-missing-target/,
  },
  'an infinite target': {
    cells: with_('price', 5, Number.NEGATIVE_INFINITY),
    code: 'target_infinite',
    says: /infinite in 1 row, first in row 5/,
  },
  'an infinite value': {
    cells: with_('size', 17, Number.POSITIVE_INFINITY),
    code: 'infinite_value',
    says: /column "size" holds Infinity at row 17 of .* \(rows are counted from 0\)/,
  },
  'a value beyond float32': {
    cells: with_('size', 3, -1e39),
    code: 'value_out_of_range',
    says: /column "size" holds -1e\+39 at row 3 .*float32/,
  },
  'a regression on strings': {
    cells: good,
    options: { target: 'colour', task: 'regression' },
    code: 'target_not_numeric',
    says: /"colour".* a regression needs numbers/,
  },
  'one class only': {
    cells: { ...good, colour: good.colour.map(() => 'r') },
    options: { target: 'colour' },
    code: 'one_class',
    says: /"r" in every row: one class only/,
  },
  'three classes for a binary task': {
    cells: good,
    options: { target: 'colour', task: 'binary' },
    code: 'too_many_classes',
    says: /3 distinct values.*at most 2/,
    hint: /multiclass/,
  },
  'text as a target, another one in most rows': {
    cells: {
      colour: Array.from({ length: 40 }, (_, i) => `${i % 21},5`),
      price: Array.from({ length: 40 }, (_, i) => i),
    },
    options: { target: 'colour' },
    code: 'too_many_classes',
    says: /21 distinct values in 40 rows/,
    hint: /--query can cast it.*--task multiclass/,
  },
  'nothing left but an identifier': {
    cells: {
      'the id': Array.from({ length: 1200 }, (_, i) => `id ${i % 1190}`),
      price: Array.from({ length: 1200 }, (_, i) => i),
    },
    code: 'no_features',
    says: /no column left to predict "price" from/,
    hint: /column "the id" .* is left out.*--features 'the id' keeps it/,
  },
  'a weight column of strings': {
    cells: good,
    options: { weightColumn: 'colour' },
    code: 'weight_not_numeric',
    says: /weight column "colour"/,
  },
  'a negative weight': {
    cells: with_('size', 9, -1),
    options: { weightColumn: 'size' },
    code: 'bad_weight',
    says: /weight "size" is -1 at row 9/,
  },
  'a missing weight': {
    cells: with_('size', 9, null),
    options: { weightColumn: 'size' },
    code: 'bad_weight',
    says: /weight "size" is missing at row 9/,
  },
  'a validation part without rows': {
    cells: good,
    options: { validation: 0.01 },
    code: 'empty_split',
    says: /none for validation/,
  },
  'a training part without rows': {
    cells: good,
    options: { validation: 1 },
    code: 'empty_split',
    says: /none for training/,
  },
};

describe.each(['parquet', 'arrow'])('training on a %s table refuses', (format) => {
  it.each(Object.entries(cases))('%s', async (_, { cells, options, code, says, hint }) => {
    const path = format === 'arrow' ? writeArrow(cells, 8) : await writeParquet(cells, 2048);
    const error = await withTable(path, (table) =>
      failure(
        loadTraining({
          table,
          target: 'price',
          validation: 0.2,
          scale: 'standard',
          scaleTarget: 'standard',
          dropMissingTarget: false,
          seed: 0,
          execute: executeInline,
          ...options,
        }),
      ),
    );
    expect(error.code).toBe(code);
    expect(error.message).toMatch(says);
    if (code !== 'empty_split') expect(error.message).toContain(path);
    if (hint) expect(error.hint).toMatch(hint);
    expect(error.exitCode).toBe(2);
  });
});

describe('training refuses', () => {
  const base = {
    target: 'y',
    validation: 0.2,
    scale: 'standard',
    scaleTarget: 'standard',
    dropMissingTarget: false,
    seed: 0,
    execute: executeInline,
  } as const;

  it.each(['arrow', 'parquet'])('a nested column, by its type and with a way out (%s)', async (extension) => {
    const error = await withTable(tableFile(`types/types.${extension}`), (table) =>
      failure(loadTraining({ ...base, target: 'u32', features: ['struct'], table })),
    );
    expect(error.message).toMatch(/column "struct" .* holds STRUCT/i);
    expect(error.hint).toContain('--exclude struct');
    expect(error.hint).toContain('"struct".field AS');
  });

  it('a time as the target', async () => {
    const error = await withTable(tableFile('codec-none.parquet'), (table) =>
      failure(loadTraining({ ...base, target: 'day', table })),
    );
    expect(error.message).toMatch(/column "day" .* holds DATE/);
  });

  it('the first bad value by row, not by column or block', async () => {
    const cells = {
      a: Array.from({ length: 5000 }, (_, i) => (i === 4100 ? Infinity : i)),
      b: Array.from({ length: 5000 }, (_, i) => (i === 3000 ? Infinity : i)),
      y: Array.from({ length: 5000 }, (_, i) => i),
    };
    for (const path of [writeArrow(cells, 100), writeArrow(cells, 5000), await writeParquet(cells, 2048)]) {
      const error = await withTable(path, (table) => failure(loadTraining({ ...base, table })));
      expect(error.message).toMatch(/column "b" holds Infinity at row 3000/);
    }
  });

  it('a validation table that lacks a column, or has it in another kind', async () => {
    const path = writeArrow({ x: [1, 2, 3, 4], y: [1.5, 2, 3, 4] }, 4);
    for (const [cells, says] of [
      [{ z: [1], y: [1] }, /no column "x"/],
      [{ x: ['one'], y: [1] }, /column "x" .* holds Utf8, but the model takes numbers/],
    ] as const) {
      await withTable(writeArrow(cells, 1), (validation) =>
        withTable(path, async (table) => {
          expect((await failure(loadTraining({ ...base, table, validation }))).message).toMatch(says);
        }),
      );
    }
  });
});

describe('a model refuses', () => {
  const numbers = [{ name: 'size', centre: 0, shift: 0, scale: 1, flagged: false }];
  const categories = [{ name: 'colour', values: ['g', 'r'] }];
  const target = { name: 'price', task: 'regression', centre: 0, shift: 0, scale: 1 } as const;
  const preprocessing = { numbers, categories, target, weightColumn: null };

  it.each([
    ['a missing feature', { colour: ['r'], price: [1] }, false, /no column "size" \(which the model needs\)/],
    ['a missing target', { colour: ['r'], size: [1] }, true, /no column "price"/],
    [
      'a feature of the wrong kind',
      { colour: [1], size: [1], price: [1] },
      false,
      /"colour" .* takes strings or booleans/,
    ],
    ['an infinite value', { colour: ['r'], size: [Infinity], price: [1] }, false, /"size" holds Infinity at row 0/],
    ['a target without value', { colour: ['r', 'r'], size: [1, 1], price: [1, null] }, true, /missing in 1 of 2 rows/],
  ] as const)('%s', async (_, cells, withTarget, says) => {
    await withTable(writeArrow(cells as Cells, 1), async (table) => {
      const error = await failure(loadForModel({ table, preprocessing, withTarget, execute: executeInline }));
      expect(error.message).toMatch(says);
    });
  });

  it('nothing when the target is not asked for', async () => {
    await withTable(writeArrow({ colour: ['r'], size: [1] }, 1), async (table) => {
      const dataset = await loadForModel({ table, preprocessing, withTarget: false, execute: executeInline });
      expect(dataset.rows).toBe(1);
    });
  });
});
