/**
 * What a row counts for by its class, in training and nowhere else: scores take rows as they are. Balanced weights are those of
 * scikit-learn, n / (k * n_c) for a class of n_c of the n training rows, with k classes.
 */
import type { Target } from '../data/preprocess.js';
import { ParagradError } from '../errors.js';

export type ClassWeights = 'balanced' | readonly number[];

/**
 * The weight of each class, in the order of the classes.
 *
 * @param counts training rows of each class; null where nobody counted them
 * @throws ParagradError `unread_option` for a regression, `bad_option` unless there is a weight for each class
 */
export function weightsOfClasses(wanted: ClassWeights, target: Target, counts: readonly number[] | null): number[] {
  if (target.task === 'regression') {
    throw new ParagradError('unread_option', 'class weights have no effect on a regression', {
      hint: 'Leave them out, or say --task multiclass where the target is a class.',
    });
  }
  const { classes } = target;
  if (wanted !== 'balanced') {
    if (wanted.length === classes.length) return [...wanted];
    const names = classes.map(String).join(', ');
    throw new ParagradError(
      'bad_option',
      `expected ${classes.length} class weights, one for each of ${names}, got ${wanted.length}`,
    );
  }
  const rows = counts!.reduce((sum, count) => sum + count, 0);
  // A class without rows to train on has nothing to weigh.
  return counts!.map((count) => (count === 0 ? 0 : rows / (classes.length * count)));
}
