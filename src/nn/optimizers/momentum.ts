/**
 * Heavy-ball and Nesterov momentum as PyTorch's SGD writes them: v = momentum v + g; p -= rate * v, or for Nesterov
 * p -= rate * (g + momentum v) (Sutskever et al., ICML 2013, rewritten so that p is the look-ahead point).
 */
import { COMMON_DEFAULTS, type Optimizer } from './optimizer.js';

function withMomentum(nesterov: boolean): Optimizer {
  return {
    slots: ['velocity'],
    reads: ['weightDecay', 'momentum'],
    defaults: { ...COMMON_DEFAULTS, learningRate: 0.01 },
    bind: (kernels, hyper) => {
      let stepRate = 0;
      let stepDecay = 0;
      return {
        begin(_t, rate, weightDecay) {
          stepRate = rate;
          stepDecay = weightDecay;
        },
        apply(parameters, gradient, slots, from, count, divisor, l2, clip) {
          kernels.updateMomentum(
            parameters + from,
            gradient + from,
            slots[0] + from,
            count,
            divisor,
            l2,
            clip,
            stepRate,
            stepDecay,
            hyper.momentum,
            nesterov ? 1 : 0,
          );
        },
      };
    },
  };
}

export const momentum = withMomentum(false);
export const nesterov = withMomentum(true);
