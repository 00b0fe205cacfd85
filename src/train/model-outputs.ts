/** What a model says of rows of a raw table: every member reads them by its own preprocessing, and their outputs are averaged. */
import type { Dataset } from '../data/dataset.js';
import type { Preprocessing } from '../data/preprocess.js';
import { averageOutputs, type Outputs } from './ensemble.js';
import type { ModelDescription } from './model-description.js';
import type { Forward } from './predictor.js';
import { readOutputs } from './score.js';

export interface ModelOutputs {
  /** Of a regression values in units of the target [rows], else logits [rows, width]. */
  readonly outputs: Outputs;
  /** The rows as the first member reads them. */
  readonly dataset: Dataset;
}

/**
 * @param load the rows, by a preprocessing
 */
export async function computeOutputs(
  { members, task, ...trained }: ModelDescription,
  forward: Forward,
  load: (preprocessing: Preprocessing) => Promise<Dataset>,
): Promise<ModelOutputs> {
  const parts: Outputs[] = [];
  let read: Dataset | null = null;
  for (const [index, { preprocessing, temperature }] of members.entries()) {
    const dataset = await load(preprocessing);
    read ??= dataset;
    parts.push(readOutputs(await forward(index, dataset), preprocessing.target, trained, temperature));
  }
  const shares = members.map(({ share }) => share);
  return { outputs: averageOutputs(parts, shares, outputWidth(members[0]), task), dataset: read! };
}

/** Outputs of a member's network. */
export function outputWidth({ network }: ModelDescription['members'][number]): number {
  return network.sizes[network.sizes.length - 1];
}
