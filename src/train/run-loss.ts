/**
 * The loss of a run, ready to train with. A name needs nothing; a user's module is loaded, looked at on rows of the table, and
 * refused where its gradient is not the derivative of its loss, with every cause named.
 */
import { bySeverity, type Finding } from '../check/finding.js';
import { checkModule, predictionsFor, SAMPLE_ROWS } from '../check/module-check.js';
import type { Dataset } from '../data/dataset.js';
import { ParagradError } from '../errors.js';
import { initialiseParameters } from '../nn/init.js';
import { type LossChoice, type OpenLoss, openBuiltIn, openModule } from '../nn/losses/choice.js';
import type { Task } from '../nn/losses/loss.js';
import { importLossModule } from '../nn/losses/module.js';
import { type NetworkSpec, planNetwork, readTensor } from '../nn/network.js';
import type { SettledConfig } from './settle.js';

/** Rows of the table that a module is checked on, at most. */
const CHECKED_ROWS = 300;

export interface RunLoss {
  readonly loss: LossChoice;
  readonly opened: OpenLoss;
  /** Of a module; errors among them only where those were allowed. */
  readonly findings: readonly Finding[];
}

/**
 * Opens a run's loss.
 *
 * @param loss as the config names it
 * @param dataset whose first rows give targets to check with
 * @throws ParagradError `no_such_file`, `loss_module`, `loss_not_additive`, `wrong_gradient`
 */
export async function openRunLoss(
  loss: LossChoice,
  config: Pick<SettledConfig, 'loss' | 'seed' | 'allowWrongGradient'>,
  task: Task,
  network: NetworkSpec,
  dataset: Dataset,
): Promise<RunLoss> {
  if (typeof loss === 'string') return { loss, opened: openBuiltIn(loss), findings: [] };
  const file = config.loss ?? loss.file;
  const module = await importLossModule(loss.file);
  const outputs = network.sizes[network.sizes.length - 1];
  const targets = firstTargets(dataset, Math.max(SAMPLE_ROWS, Math.min(CHECKED_ROWS, dataset.rows)));
  const z = predictionsFor(targets, outputs, task === 'regression' ? 'values' : 'class', 1);
  const verify = `paragrad gradcheck --loss ${file}${task === 'regression' ? '' : ` --task ${task}`}`;
  const weights = initialWeights(network, config);
  const { own, findings } = checkModule(module, { outputs, z, y: targets, weights }, verify);
  const wrong = findings.filter(({ severity }) => severity === 'error');
  if (wrong.length > 0 && !config.allowWrongGradient) throw wrongGradient(file, wrong);
  const choice = { ...loss, batch: module.batch, own, penaltyGradient: module.penaltyGradient !== null };
  return { loss: choice, opened: openModule(module, choice), findings: bySeverity(findings) };
}

/** The targets of a dataset's first rows, as the network is trained on them; from the first again until there are `rows`. */
export function firstTargets({ layout, pieces, rows: stored }: Dataset, rows: number): Float64Array {
  const targetAt = layout.numbers + layout.categories.length;
  const values = new Float32Array(pieces[0]);
  const known = Math.min(stored, Math.floor(values.length / layout.stride));
  return Float64Array.from({ length: rows }, (_, r) => values[(r % known) * layout.stride + targetAt]);
}

/** W0, W1 … of the seed as one vector. */
function initialWeights(spec: NetworkSpec, { seed }: Pick<SettledConfig, 'seed'>): Float64Array {
  const network = planNetwork(spec);
  const parameters = new Float32Array(network.parameters);
  initialiseParameters(network, seed, parameters);
  const weights = network.tensors.filter(({ kind }) => kind === 'weight');
  return Float64Array.from(weights.flatMap((tensor) => [...readTensor(tensor, parameters)]));
}

/** All causes in one line. */
export function wrongGradient(file: string, findings: readonly Finding[]): ParagradError {
  const said = findings.map(({ evidence, cause }) => `${evidence}: ${cause}`);
  const numbered = said.length === 1 ? said[0] : said.map((text, i) => `(${i + 1}) ${text}`).join('; ');
  return new ParagradError('wrong_gradient', `the gradient of ${file} is not that of its loss: ${numbered}`, {
    hint: `${findings.map(({ advice }) => advice).join(' ')} (--allow-wrong-gradient trains anyway.)`,
  });
}
