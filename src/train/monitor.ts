/**
 * Watches a run between its epochs, when nobody else touches the memory, and says once what goes wrong. It computes nothing that
 * training has not: the last batch's gradient and the hidden outputs of the rows scored last still lie in memory, and what the last
 * step changed is seen by a copy of the weights before it. It looks after epochs 1, 2, 4, 8 …, so that it costs next to nothing
 * however short an epoch is; losses it sees after each.
 */
import type { Finding } from '../check/finding.js';
import {
  type EpochLosses,
  gradientFindings,
  type LayerNorms,
  lossFindings,
  updateFindings,
} from '../check/monitors.js';
import { unitFindings } from '../check/unit-findings.js';
import type { Tensor } from '../nn/network.js';
import { BLOCK_ROWS, type StepPlan } from '../parallel/plan.js';
import { parameterView, type Session } from '../parallel/session.js';
import { activeShards, planReduction } from '../parallel/tree.js';
import type { EpochEvent } from './events.js';

export interface Look {
  /** Null after epochs that are not looked at. */
  readonly layers: readonly LayerNorms[] | null;
  /** What was not said before. */
  readonly findings: readonly Finding[];
}

export interface Monitor {
  /** Whether the network is looked at after an epoch, counted from 1: its last step is then run on its own. */
  looksAt(epoch: number): boolean;
  /** Keeps the weights of before the last step of an epoch. */
  remember(epoch: number): void;
  /**
   * Looks at the run after an epoch was scored.
   *
   * @param lastRows rows of the last batch
   * @param scoredRows rows that were scored
   */
  look(epoch: EpochEvent, lastRows: number, scoredRows: number): Look;
}

/** Sees nothing. */
export const NO_MONITOR: Monitor = {
  looksAt: () => false,
  remember() {},
  look: () => ({ layers: null, findings: [] }),
};

/** @param keepsBest whether the run keeps the weights of its best epoch */
export function createMonitor(session: Session<StepPlan>, keepsBest: boolean, verify: string): Monitor {
  const { plan, views } = session;
  const { layers } = plan.network;
  const history: EpochLosses[] = [];
  const said = new Set<string>();
  const before = new Float32Array(plan.network.parameters);

  function normsOfWeights(): LayerNorms[] {
    const after = parameterView(session);
    return layers.map(({ weight }) => ({ name: weight.name, ...normsOf(weight, after, before) }));
  }

  /** Norm of the last batch's gradient of one layer's weights; of the sum over its rows, or with clipping of their mean. */
  function gradientNorm(layer: number, lastRows: number): number {
    const active = activeShards(lastRows, plan.rowsPerShard);
    const { root } = planReduction(plan.shards, plan.workers, active, plan.rowsPerShard <= BLOCK_ROWS);
    const start = plan.layout.workers[root.worker].gradients[root.buffer] / 4;
    const gradient = views.f32.subarray(start, start + plan.network.parameters);
    return normsOf(layers[layer].weight, gradient, gradient).weight;
  }

  /** The hidden outputs of the rows that worker 0 scored last. */
  function hiddenLayers(scoredRows: number) {
    const { outputs } = plan.layout.workers[0];
    const rows = Math.min(BLOCK_ROWS, scoredRows);
    return layers.slice(0, -1).map(({ outputs: units, outputStride: stride }, layer) => {
      const start = outputs[layer] / 4;
      return { layer, units, rows, stride, output: views.f32.subarray(start, start + rows * stride) };
    });
  }

  const looksAt = (epoch: number): boolean => Number.isInteger(Math.log2(epoch));

  return {
    looksAt,
    remember(epoch) {
      if (looksAt(epoch)) before.set(parameterView(session));
    },
    look({ epoch, trainLoss, validation }, lastRows, scoredRows) {
      history.push({ epoch, train: trainLoss, validation: validation?.loss });
      const found = lossFindings(history, keepsBest, verify);
      const norms = looksAt(epoch) ? normsOfWeights() : null;
      if (norms !== null) {
        const scheduled = plan.rate.schedule !== 'constant' || plan.rate.warmupSteps > 0;
        found.push(...updateFindings(norms, scheduled, verify));
      }
      if (norms !== null && layers.length > 1) {
        found.push(
          ...unitFindings(plan.network.activation, hiddenLayers(scoredRows), `after epoch ${epoch}`, verify),
          ...gradientFindings(gradientNorm(0, lastRows), gradientNorm(layers.length - 1, lastRows), verify),
        );
      }
      const findings = found.filter(({ code, values }) => {
        const key = `${code} ${values.layer ?? ''}`;
        const isNew = !said.has(key);
        said.add(key);
        return isNew;
      });
      return { layers: norms, findings };
    },
  };
}

/**
 * Norms of a tensor's values, and of their distance from other ones, in one pass and without a copy: workers wait meanwhile. Rows are
 * padded with zeros to whole eights, which lets two sums run beside each other.
 */
function normsOf(
  { offset, length }: Tensor,
  vector: Float32Array,
  from: Float32Array,
): Pick<LayerNorms, 'weight' | 'update'> {
  let [evenSquares, oddSquares, evenChanges, oddChanges] = [0, 0, 0, 0];
  for (let i = offset; i < offset + length; i += 2) {
    const even = vector[i];
    const odd = vector[i + 1];
    const evenChange = even - from[i];
    const oddChange = odd - from[i + 1];
    evenSquares += even * even;
    oddSquares += odd * odd;
    evenChanges += evenChange * evenChange;
    oddChanges += oddChange * oddChange;
  }
  return { weight: Math.sqrt(evenSquares + oddSquares), update: Math.sqrt(evenChanges + oddChanges) };
}
