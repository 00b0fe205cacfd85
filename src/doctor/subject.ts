/**
 * What the doctor looks at: a run as it would be trained, from its config, with its rows in memory and its first weights set.
 */
import { bySeverity, type Finding } from '../check/finding.js';
import { builtInLoss, type CheckLoss, type CheckProblem, l2Penalty } from '../check/objective.js';
import { trueGradient } from '../check/row-probe.js';
import { tensorsOf } from '../check/tensors.js';
import { createGather } from '../data/batches.js';
import type { Dataset } from '../data/dataset.js';
import type { LoadedTraining } from '../data/load.js';
import { createOrder, type OrderPlan } from '../data/order.js';
import type { Table } from '../data/table.js';
import { type ChosenKernels, chooseKernels } from '../kernels/load.js';
import { initialiseParameters } from '../nn/init.js';
import { type OpenLoss, openModule } from '../nn/losses/choice.js';
import { importLossModule, type LossModule, type Reduction } from '../nn/losses/module.js';
import { type Network, readTensor, rowWidth, writeTensor } from '../nn/network.js';
import { planStep, type StepPlan } from '../parallel/plan.js';
import type { ResolvedConfig } from '../train/config.js';
import { calibrationSlots } from '../train/initial-weights.js';
import { loadRun } from '../train/loaded-run.js';
import { openRunLoss } from '../train/run-loss.js';
import type { SettledConfig } from '../train/settle.js';
import { createTrial, type Trial } from './trial.js';

export interface Subject {
  readonly config: SettledConfig;
  readonly loaded: LoadedTraining;
  readonly order: OrderPlan;
  readonly plan: StepPlan;
  readonly kernels: ChosenKernels;
  /** Of a loss module; empty for a built-in loss. */
  readonly lossFindings: readonly Finding[];
  /** A trial from the first weights, with the right gradient even where the module's is wrong; of another plan where it is changed. */
  createTrial(changes?: Partial<StepPlan>): Trial;
  /** A trial with the loss as it is written: what a run does. */
  createRun(): Trial;
  /** Where a row of the dataset came from, for people. */
  describeRow(slot: number): string;
  /** The float64 problem on the first `rows` rows of the first epoch, with the right gradient. */
  problem(rows: number): CheckProblem;
}

/** @throws ParagradError as a training would, but not for a wrong gradient */
export async function openSubject(resolved: ResolvedConfig, table: Table, signal?: AbortSignal): Promise<Subject> {
  const { config, loaded, loss, options, order, initial } = await loadRun(resolved, table, signal);
  const { dataset, preprocessing } = loaded;
  const { target } = preprocessing;
  const run = await openRunLoss(loss, { ...config, allowWrongGradient: true }, target.task, options.network, dataset);
  const corrected = typeof run.loss === 'string' ? null : await correct(run.loss.file, run.loss.own.loss, run.findings);
  const chosen = corrected === null || typeof run.loss === 'string' ? run.loss : { ...run.loss, own: corrected.own };
  const plan = planStep({ ...options, loss: chosen, workers: 1 });
  const opened = corrected === null || typeof chosen === 'string' ? run.opened : openModule(corrected.module, chosen);
  const kernels = chooseKernels(config.kernels);
  const create = (chosenPlan: StepPlan, loss: OpenLoss): Trial => {
    const trial = createTrial(chosenPlan, kernels, loss, { dataset, order, seed: config.seed });
    const { parameters } = trial.step;
    if (initial === null) initialiseParameters(plan.network, config.seed, parameters);
    else plan.network.tensors.forEach((tensor, i) => void writeTensor(tensor, parameters, initial[i]));
    if (config.init === 'calibrated') {
      trial.step.calibrate(calibrationSlots({ plan: order, seed: config.seed, epoch: 0, ring: null }), config.seed);
    }
    return trial;
  };
  return {
    config,
    loaded,
    order,
    plan,
    kernels,
    lossFindings: bySeverity(run.findings),
    createTrial: (changes) =>
      create(changes === undefined ? plan : planStep({ ...options, loss: chosen, workers: 1, ...changes }), opened),
    createRun: () => create({ ...plan, loss: run.loss }, run.opened),
    describeRow(slot) {
      const row = new Uint32Array(loaded.rows.slots).indexOf(slot);
      const file = table.files.find(({ rowStart, rowEnd }) => row >= rowStart && row < rowEnd);
      return file === undefined ? `row ${row}` : `row ${row - file.rowStart} of ${file.name}`;
    },
    problem: (rows) => problemOf(plan, opened, corrected?.module ?? null, dataset, order, config.seed, rows),
  };
}

interface Corrected {
  readonly module: LossModule;
  readonly own: { readonly loss: Reduction; readonly gradient: Reduction };
}

/** A module with the derivative of its own loss for a gradient, and one penalty in both; as it is where nothing was found. */
async function correct(file: string, reduction: Reduction, findings: readonly Finding[]): Promise<Corrected> {
  const module = await importLossModule(file);
  if (findings.length === 0) return { module, own: { loss: reduction, gradient: reduction } };
  const { penaltyGradient } = module;
  const penalties = findings.some(({ code }) => code.startsWith('penalty_'));
  return {
    own: { loss: reduction, gradient: reduction },
    module: {
      ...module,
      gradient(z, y, rows, outputs, d) {
        trueGradient(module, outputs, z, y, d);
        if (module.batch && reduction === 'mean') for (let i = 0; i < d.length; i++) d[i] /= rows;
      },
      penalty:
        penalties && penaltyGradient !== null
          ? (weights) => penaltyGradient(weights).reduce((sum, g, i) => sum + (g * weights[i]) / 2, 0)
          : module.penalty,
    },
  };
}

function problemOf(
  plan: StepPlan,
  opened: OpenLoss,
  module: LossModule | null,
  dataset: Dataset,
  order: OrderPlan,
  seed: number,
  wanted: number,
): CheckProblem {
  const { network, l2, reduction } = plan;
  const rows = Math.min(wanted, order.rows);
  const inputs = rowWidth(network);
  const outputs = network.sizes[network.sizes.length - 1];
  const slots = new Uint32Array(rows);
  createOrder({ plan: order, seed, epoch: 0, ring: null }).fill(slots, 0, rows);
  const x = new Float32Array(rows * inputs);
  const y = new Float32Array(rows);
  createGather(dataset)(slots, rows, x, 0, inputs, y, 0, null, 0);
  const { penalty, penaltyGradient } = opened.penalty ?? { penalty: null, penaltyGradient: null };
  const built = l2Penalty(l2);
  const zero = (weights: Float64Array): Float64Array => new Float64Array(weights.length);
  const loss: CheckLoss =
    typeof plan.loss === 'string'
      ? builtInLoss(plan.loss, outputs, reduction, plan.lossConstants)
      : (z, targets, count) => {
          const gradient = new Float64Array(z.length);
          module?.gradient(z, targets, count, outputs, gradient);
          const scale = module?.batch || reduction === 'sum' ? 1 : 1 / count;
          return {
            value: scale * (module?.loss(z, targets, count, outputs) ?? 0),
            gradient: gradient.map((g) => g * scale),
          };
        };
  return {
    network,
    rows,
    x: Float64Array.from(x),
    y: Float64Array.from(y),
    loss,
    penalty:
      built === null && penalty === null && penaltyGradient === null
        ? null
        : {
            value: (w) => (built?.value(w) ?? 0) + (penalty?.(w) ?? 0),
            gradient: (w) => {
              const [a, b] = [built?.gradient(w) ?? zero(w), penaltyGradient?.(w) ?? zero(w)];
              return a.map((g, i) => g + b[i]);
            },
          },
  };
}

/** A parameter-sized vector of a trial without its padding, in float64: W0, b0, W1 … */
export function unpadded(network: Network, vector: Float32Array): Float64Array {
  const places = tensorsOf(network);
  const out = new Float64Array(places.reduce((sum, { length }) => sum + length, 0));
  network.tensors.forEach((tensor, i) => out.set(readTensor(tensor, vector), places[i].offset));
  return out;
}
