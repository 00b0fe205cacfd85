/** Hidden units that have stopped to answer: zero on every row, or at the flat ends of their activation. */
import type { ActivationName } from '../nn/activations/index.js';
import type { Finding } from './finding.js';

/** Shares of a layer's units from which they are worth a finding. */
const DEAD = 0.7;
const SATURATED = 0.5;
/** Distance from the ends, as a share of the range, within which a unit is at one. */
const AT_END = 0.02;
/** A unit is at an end if it is there on so many rows. */
const ROWS_AT_END = 0.95;

/** Activations with flat ends on both sides. */
const ENDS: Partial<Record<ActivationName, readonly [number, number]>> = { tanh: [-1, 1], sigmoid: [0, 1] };

export interface HiddenLayer {
  /** Counted from 0. */
  readonly layer: number;
  readonly units: number;
  /** Rows in `output`. */
  readonly rows: number;
  /** [rows, stride]; what lies beyond `units` in a row is padding. */
  readonly output: ArrayLike<number>;
  readonly stride: number;
}

/** @param when e.g. `with the first weights` */
export function unitFindings(
  activation: ActivationName,
  layers: readonly HiddenLayer[],
  when: string,
  verify: string,
): Finding[] {
  return layers.flatMap((layer) => {
    if (activation === 'relu') return deadUnits(layer, when, verify);
    const ends = ENDS[activation];
    return ends === undefined ? [] : saturatedUnits(layer, ends, when, verify);
  });
}

function countUnits({ units, rows, output, stride }: HiddenLayer, share: number, test: (h: number) => boolean): number {
  let counted = 0;
  for (let u = 0; u < units; u++) {
    let hits = 0;
    for (let r = 0; r < rows; r++) if (test(output[r * stride + u])) hits++;
    if (hits >= share * rows) counted++;
  }
  return counted;
}

function deadUnits(layer: HiddenLayer, when: string, verify: string): Finding[] {
  const dead = countUnits(layer, 1, (h) => h <= 0);
  if (dead < DEAD * layer.units) return [];
  return [
    {
      code: 'dead_units',
      severity: dead === layer.units ? 'error' : 'warning',
      evidence: `${dead} of ${layer.units} units of hidden layer ${layer.layer + 1} put out 0 on all of ${layer.rows} rows ${when}`,
      cause:
        'a relu that is negative on every row has no gradient: large steps or bad first weights pushed it there, and nothing brings it back',
      advice: 'Lower --learning-rate, start from other weights (leave --init out), or give --activation leaky_relu.',
      verify,
      values: { layer: layer.layer, dead, units: layer.units },
    },
  ];
}

function saturatedUnits(
  layer: HiddenLayer,
  [low, high]: readonly [number, number],
  when: string,
  verify: string,
): Finding[] {
  const margin = AT_END * (high - low);
  const saturated = countUnits(layer, ROWS_AT_END, (h) => h < low + margin || h > high - margin);
  if (saturated < SATURATED * layer.units) return [];
  return [
    {
      code: 'saturated_units',
      severity: 'warning',
      evidence: `${saturated} of ${layer.units} units of hidden layer ${layer.layer + 1} are at an end of their range on nearly all of ${layer.rows} rows ${when}`,
      cause: 'the activation is flat there, so hardly any gradient comes through: weights or inputs are too large',
      advice:
        'Lower --learning-rate, scale the inputs (--scale standard), or start from other weights (leave --init out).',
      verify,
      values: { layer: layer.layer, saturated, units: layer.units },
    },
  ];
}
