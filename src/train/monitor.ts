/**
 * Watches a run between its epochs, when nobody else touches the memory, and says once what goes wrong. It computes nothing that
 * training has not: the last batch's gradient and the hidden outputs of the rows scored last still lie in memory. It looks after
 * epochs 1, 2, 4, 8 …, so that it costs next to nothing however short an epoch is; losses it sees after each.
 */
import type { Finding } from '../check/finding.js';
import { type EpochLosses, gradientFindings, lossFindings } from '../check/monitors.js';
import { unitFindings } from '../check/unit-findings.js';
import { readTensor } from '../nn/network.js';
import { BLOCK_ROWS, type StepPlan } from '../parallel/plan.js';
import type { Session } from '../parallel/session.js';
import { activeShards, planReduction } from '../parallel/tree.js';
import type { EpochEvent } from './events.js';

export interface Monitor {
  /**
   * Looks at the run after an epoch was scored.
   *
   * @param lastRows rows of the last batch
   * @param scoredRows rows that were scored
   * @returns what was not said before
   */
  look(epoch: EpochEvent, lastRows: number, scoredRows: number): Finding[];
}

export function createMonitor(session: Session<StepPlan>, verify: string): Monitor {
  const { plan, views } = session;
  const { layers } = plan.network;
  const history: EpochLosses[] = [];
  const said = new Set<string>();

  /** Norm of the last batch's summed gradient of one layer's weights. */
  function gradientNorm(layer: number, lastRows: number): number {
    const active = activeShards(lastRows, plan.rowsPerShard);
    const { root } = planReduction(plan.shards, plan.workers, active, plan.rowsPerShard <= BLOCK_ROWS);
    const start = plan.layout.workers[root.worker].gradients[root.buffer] / 4;
    const gradient = views.f32.subarray(start, start + plan.network.parameters);
    return Math.sqrt(readTensor(layers[layer].weight, gradient).reduce((sum, g) => sum + g * g, 0));
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

  return {
    look({ epoch, trainLoss, validation }, lastRows, scoredRows) {
      history.push({ epoch, train: trainLoss, validation: validation?.loss });
      const found = lossFindings(history, verify);
      if (Number.isInteger(Math.log2(epoch)) && layers.length > 1) {
        found.push(
          ...unitFindings(plan.activation, hiddenLayers(scoredRows), `after epoch ${epoch}`, verify),
          ...gradientFindings(gradientNorm(0, lastRows), gradientNorm(layers.length - 1, lastRows), verify),
        );
      }
      return found.filter(({ code, values }) => {
        const key = `${code} ${values.layer ?? ''}`;
        const isNew = !said.has(key);
        said.add(key);
        return isNew;
      });
    },
  };
}
