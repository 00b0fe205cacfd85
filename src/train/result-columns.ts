/** The columns that a model's predictions are handed out in. */
import { mostLikely, probabilities } from './metrics.js';
import type { ModelDescription } from './model-description.js';
import { type ModelOutputs, outputWidth } from './model-outputs.js';
import type { OutputColumn } from './output-column.js';
import { quantileName } from './quantiles.js';
import { quantilesOf } from './score.js';

/** The first is "prediction", and of classes "probability_<class>" of each follows; of several quantiles "prediction_q0.1" … alone. */
export function resultNames(description: ModelDescription): string[] {
  const { target } = description.members[0].preprocessing;
  if (target.task !== 'regression') return ['prediction', ...target.classes.map((name) => `probability_${name}`)];
  const quantiles = quantilesOf(description);
  if (quantiles === null || quantiles.length === 1) return ['prediction'];
  return quantiles.map((quantile) => `prediction_${quantileName(quantile)}`);
}

/** The columns of rows, in the order of their names. */
export function resultColumns(outputs: ModelOutputs['outputs'], description: ModelDescription): OutputColumn[] {
  const [member] = description.members;
  const { target } = member.preprocessing;
  const names = resultNames(description);
  const width = outputWidth(member);
  const rows = outputs.length / width;
  if (target.task === 'regression') {
    return names.map((name, i) => {
      const values = Float64Array.from({ length: rows }, (_, r) => outputs[r * width + i]);
      return { name, type: 'double', values };
    });
  }
  const shares = target.classes.map(() => new Float64Array(rows));
  const row = new Float64Array(target.classes.length);
  const winners = new Uint32Array(rows);
  for (let r = 0; r < rows; r++) {
    winners[r] = mostLikely(outputs, r, width);
    probabilities(outputs, r, width, row);
    for (let c = 0; c < shares.length; c++) shares[c][r] = row[c];
  }
  const [predicted, ...probability] = names;
  return [
    classColumn(predicted, winners, target.classes),
    ...shares.map((values, c) => ({ name: probability[c], type: 'double' as const, values })),
  ];
}

/** The predicted class of each row, in the type that the target had. */
function classColumn(
  name: string,
  winners: Uint32Array,
  classes: readonly (string | number | boolean)[],
): OutputColumn {
  if (typeof classes[0] === 'number') {
    const type = classes.every(Number.isInteger) ? 'integer' : 'double';
    return { name, type, values: Float64Array.from(winners, (c) => classes[c] as number) };
  }
  if (typeof classes[0] === 'boolean') {
    return { name, type: 'boolean', values: Array.from(winners, (c) => classes[c] as boolean) };
  }
  return { name, type: 'string', values: Array.from(winners, (c) => classes[c] as string) };
}
