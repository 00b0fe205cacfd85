/** Whether a loss module fits classes: on logits, a right answer that is surer must not cost more. */
import { brief, type Finding } from '../check/finding.js';
import { importLossModule } from '../nn/losses/module.js';
import type { Subject } from './subject.js';

/** Logits of the right answer: sure, and very sure. */
const SURE = 3;
const VERY_SURE = 12;

export async function lossShapeFindings({ plan, loaded }: Subject, verify: string): Promise<Finding[]> {
  const { task } = loaded.preprocessing.target;
  if (typeof plan.loss === 'string' || task === 'regression') return [];
  const module = await importLossModule(plan.loss.file);
  const { sizes } = plan.network;
  const outputs = sizes[sizes.length - 1];
  // The loss of one row of class 1 whose logit says so this clearly.
  const at = (logit: number): number => {
    const z = new Float64Array(outputs);
    z[outputs === 1 ? 0 : 1] = logit;
    return module.loss(z, Float64Array.of(1), 1, outputs);
  };
  const [sure, verySure] = [at(SURE), at(VERY_SURE)];
  if (!(verySure > sure + 1e-9 * Math.abs(sure))) return [];
  return [
    {
      code: 'wrong_loss',
      severity: 'warning',
      evidence: `a right answer costs ${brief(sure)} at a logit of ${SURE}, and ${brief(verySure)} at ${VERY_SURE}`,
      cause:
        'a prediction for classes is a logit, any number: a loss of values pulls right answers back, and gives no probability',
      advice:
        'Leave --loss out, or write the loss of a logit: log(1 + exp(-z)) for class 1, log(1 + exp(z)) for class 0.',
      verify,
      values: { sure, verySure },
    },
  ];
}
