/**
 * Adam (Kingma & Ba, ICLR 2015) and AdamW (Loshchilov & Hutter, ICLR 2019), as in PyTorch. Weight decay is decoupled in
 * both; the two differ in its default only.
 */
import { COMMON_DEFAULTS, type Optimizer } from './optimizer.js';

/** base^exponent by repeated squaring: the same bits everywhere, which the language's own power does not promise. */
export function power(base: number, exponent: number): number {
  let result = 1;
  let square = base;
  for (let n = exponent; n > 0; n = Math.floor(n / 2)) {
    if (n % 2 === 1) result *= square;
    square *= square;
  }
  return result;
}

function withDecay(weightDecay: number): Optimizer {
  return {
    slots: ['firstMoment', 'secondMoment'],
    reads: ['weightDecay', 'beta1', 'beta2', 'epsilon'],
    defaults: { ...COMMON_DEFAULTS, weightDecay },
    bind: (kernels, hyper) => {
      const { beta1, beta2, epsilon } = hyper;
      let decay = 1;
      let stepSize = 0;
      let inverseRoot = 0;
      return {
        begin(t, rate, weightDecay) {
          decay = 1 - rate * weightDecay;
          stepSize = rate / (1 - power(beta1, t));
          inverseRoot = 1 / Math.sqrt(1 - power(beta2, t));
        },
        apply(parameters, gradient, slots, from, count, divisor, l2, clip) {
          kernels.updateAdam(
            parameters + from,
            gradient + from,
            slots[0] + from,
            slots[1] + from,
            count,
            divisor,
            l2,
            clip,
            decay,
            beta1,
            beta2,
            stepSize,
            inverseRoot,
            epsilon,
          );
        },
      };
    },
  };
}

export const adam = withDecay(0);
export const adamw = withDecay(0.01);
