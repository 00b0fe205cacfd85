/** Random products for tests: operands in an arena, a kernel run on them, and what their elements must be. */
import fc from 'fast-check';
import { EPILOGUE, KC } from '../../src/kernels/kernels.js';
import { type Arena, call, place, placeVector, read, reset } from './arena.js';
import { type Mixture, values } from './numbers.js';

export type Form = 'NN' | 'TN' | 'NT';
export const FORMS: readonly Form[] = ['NN', 'TN', 'NT'];

export interface Shape {
  readonly form: Form;
  readonly m: number;
  readonly n: number;
  readonly k: number;
  /** Columns by which leading dimensions exceed what is needed. */
  readonly slack: number;
  readonly epilogue: number;
  readonly seed: number;
  readonly mixture: Mixture;
}

/** Epilogues that a form has. */
export const EPILOGUES: Readonly<Record<Form, readonly number[]>> = {
  NN: [0, EPILOGUE.bias, EPILOGUE.relu, EPILOGUE.bias | EPILOGUE.relu],
  TN: [0, EPILOGUE.accumulate],
  NT: [0, EPILOGUE.reluMask],
};

/** Dense operands of a product, with its dimensions as stored. */
export function operands({ form, m, n, k, seed, mixture }: Shape) {
  const [aRows, aColumns] = form === 'TN' ? [k, m] : [m, k];
  const [bRows, bColumns] = form === 'NT' ? [n, k] : [k, n];
  return {
    a: values(seed, m * k, mixture),
    b: values(seed + 1, n * k, mixture),
    bias: values(seed + 2, n, mixture),
    mask: values(seed + 3, m * n, 'special'),
    before: values(seed + 4, m * n, mixture),
    aRows,
    aColumns,
    bRows,
    bColumns,
  };
}

/** C[m, n] as the kernels make it; throws when they change anything else. */
export function compute(arena: Arena, shape: Shape): Float32Array {
  const { form, m, n, k, slack, epilogue } = shape;
  const dense = operands(shape);
  reset(arena);
  const a = place(arena, dense.aRows, dense.aColumns, dense.a, dense.aColumns + slack);
  const b = place(arena, dense.bRows, dense.bColumns, dense.b, dense.bColumns + slack);
  const bias = placeVector(arena, dense.bias);
  const mask = place(arena, m, n, dense.mask, n + slack);
  const c = place(arena, m, n, dense.before, n + slack);
  call(arena, [c], (kernels) => {
    if (form === 'NN') {
      kernels.gemmNN(m, n, k, a.at, a.ld, b.at, b.ld, c.at, c.ld, bias.at, epilogue, arena.workspace);
    } else if (form === 'TN') {
      kernels.gemmTN(m, n, k, a.at, a.ld, b.at, b.ld, c.at, c.ld, epilogue, arena.workspace);
    } else {
      kernels.gemmNT(m, n, k, a.at, a.ld, b.at, b.ld, c.at, c.ld, mask.at, epilogue, arena.workspace);
    }
  });
  return read(arena, c);
}

/**
 * Shapes around the edges of tiles and of blocks of k.
 *
 * @param tiles multiples of 4 rows and of 8 columns, at most; the tiles under test decide how many are worth it
 */
export const shapes = (form: Form, tiles = { rows: 7, columns: 7 }): fc.Arbitrary<Shape> =>
  fc
    .record({
      form: fc.constant(form),
      m: fc.integer({ min: 1, max: tiles.rows }).map((x) => 4 * x),
      n: fc.integer({ min: 1, max: tiles.columns }).map((x) => 8 * x),
      k: fc.oneof(
        { weight: 3, arbitrary: fc.integer({ min: 0, max: 20 }) },
        { weight: 1, arbitrary: fc.constantFrom(63, 64, 65, 100, 255, 256, 257) },
      ),
      slack: fc.constantFrom(0, 1, 8, 264),
      epilogue: fc.constantFrom(...EPILOGUES[form]),
      seed: fc.nat(1e6),
      mixture: fc.constantFrom<Mixture>('plain', 'wild', 'special'),
    })
    .filter(({ epilogue, k }) => !(epilogue & EPILOGUE.accumulate) || k <= KC);
