import { COMMON_DEFAULTS, type Optimizer } from './optimizer.js';

/**
 * AdaGrad (Duchi, Hazan, Singer, JMLR 12, 2011) as in PyTorch: v += g^2; p -= rate * g / (sqrt(v) + epsilon). Weight decay is
 * decoupled.
 */
export const adagrad: Optimizer = {
  slots: ['sumOfSquares'],
  reads: ['weightDecay', 'epsilon'],
  defaults: { ...COMMON_DEFAULTS, learningRate: 0.01, epsilon: 1e-10 },
  bind: (kernels, { epsilon }) => {
    let stepRate = 0;
    let kept = 1;
    return {
      begin(_t, rate, weightDecay) {
        stepRate = rate;
        kept = 1 - rate * weightDecay;
      },
      apply(parameters, gradient, [sumOfSquares], from, count, divisor, l2, clip) {
        kernels.updateScaled(
          parameters + from,
          gradient + from,
          sumOfSquares + from,
          count,
          divisor,
          l2,
          clip,
          kept,
          1,
          1,
          stepRate,
          epsilon,
        );
      },
    };
  },
};
