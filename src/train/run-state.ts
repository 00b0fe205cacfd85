/**
 * The last good state of a run that diverged: weights, optimiser state, and where in the run they were, as a safetensors file in
 * the run directory. `paragrad doctor RUN-DIR` goes on from it and meets what the run met.
 */
import { join } from 'node:path';
import { z } from 'zod';
import { ParagradError } from '../errors.js';
import { type Network, readTensor, writeTensor } from '../nn/network.js';
import { OPTIMIZERS, type OptimizerName } from '../nn/optimizers/index.js';
import type { Snapshot } from '../parallel/session.js';
import { readSafetensors, type Tensor, writeSafetensors } from './safetensors.js';

export const STATE_FILE = 'last-good.safetensors';
const METADATA_KEY = 'paragrad_state';

const count = z.int().min(0);
const positionSchema = z.object({
  /** Steps (batches) behind the state, counted over the whole run. */
  steps: count,
  /** Updates behind it: steps without those that were skipped or taken back. */
  updates: count,
  /** What the learning rate was multiplied by. */
  rateFactor: z.number(),
  /** The step that ended the run, counted from 1, and its loss as text, since it may be no number. */
  divergedAt: count,
  loss: z.string(),
});

/** Where in a run a state is. */
export type StatePosition = z.output<typeof positionSchema>;

export interface RunState extends StatePosition {
  /** [P] each, padding included. */
  readonly snapshot: Snapshot;
}

/** The plan's part that says how a state is laid out. */
interface StateShape {
  readonly network: Network;
  readonly optimizer: OptimizerName;
  readonly ema: number | null;
}

/** @throws ParagradError `not_writable` */
export async function saveRunState(runDir: string, shape: StateShape, { snapshot, ...at }: RunState): Promise<void> {
  const vectors = [snapshot.parameters, ...snapshot.slots];
  const tensors = prefixes(shape).flatMap((prefix, v) =>
    shape.network.tensors.map((tensor): Tensor => {
      const { name, rows, columns } = tensor;
      return { name: `${prefix}${name}`, shape: [rows, columns], data: readTensor(tensor, vectors[v]) };
    }),
  );
  await writeSafetensors(join(runDir, STATE_FILE), tensors, { [METADATA_KEY]: JSON.stringify(at) });
}

/**
 * Reads the state of a run.
 *
 * @param shape of the network that the run's config makes of its table
 * @throws ParagradError `no_such_file`, `not_safetensors`, `wrong_state` where it is not one of this network
 */
export async function readRunState(runDir: string, shape: StateShape): Promise<RunState> {
  const path = join(runDir, STATE_FILE);
  const file = await readSafetensors(path);
  const refuse = (why: string) =>
    new ParagradError('wrong_state', `${path} is not a state of this run: ${why}`, {
      hint: 'Its table or its options may have changed since.',
    });
  const at = positionSchema.safeParse(JSON.parse(file.metadata[METADATA_KEY] ?? 'null'));
  if (!at.success) throw refuse(`its metadata has no "${METADATA_KEY}" entry that can be read`);
  const vectors = prefixes(shape).map((prefix) => {
    const vector = new Float32Array(shape.network.parameters);
    for (const tensor of shape.network.tensors) {
      const found = file.tensors.find(({ name }) => name === `${prefix}${tensor.name}`);
      if (found?.data.length !== tensor.rows * tensor.columns) {
        throw refuse(`expected a tensor ${prefix}${tensor.name} of shape [${tensor.rows}, ${tensor.columns}]`);
      }
      writeTensor(tensor, vector, found.data);
    }
    return vector;
  });
  const [parameters, ...slots] = vectors;
  return { ...at.data, snapshot: { parameters, slots } };
}

/** Of the names of tensors: the weights have none, each slot its own. */
function prefixes({ optimizer, ema }: StateShape): string[] {
  const slots: readonly string[] = OPTIMIZERS[optimizer].slots;
  return ['', ...slots.map((slot) => `${slot}.`), ...(ema === null ? [] : ['average.'])];
}
