import { COMMON_DEFAULTS, type Optimizer } from './optimizer.js';

/** Plain gradient descent: p -= rate * g. */
export const sgd: Optimizer = {
  slots: [],
  reads: ['weightDecay'],
  defaults: { ...COMMON_DEFAULTS, learningRate: 0.01 },
  bind: (kernels) => {
    let stepRate = 0;
    let stepDecay = 0;
    return {
      begin(_t, rate, weightDecay) {
        stepRate = rate;
        stepDecay = weightDecay;
      },
      apply(parameters, gradient, _slots, from, count, divisor, l2, clip) {
        kernels.updateSgd(parameters + from, gradient + from, count, divisor, l2, clip, stepRate, stepDecay);
      },
    };
  },
};
