import { COMMON_DEFAULTS, type Optimizer } from './optimizer.js';

/**
 * RMSprop (Tieleman & Hinton, lecture 6.5, 2012) as in PyTorch: v = alpha v + (1 - alpha) g^2; p -= rate * g / (sqrt(v) +
 * epsilon). v starts at 0 and is not corrected for it. Weight decay is decoupled.
 */
export const rmsprop: Optimizer = {
  slots: ['meanSquare'],
  reads: ['weightDecay', 'alpha', 'epsilon'],
  defaults: { ...COMMON_DEFAULTS, learningRate: 0.01 },
  bind: (kernels, { alpha, epsilon }) => {
    let stepRate = 0;
    let kept = 1;
    return {
      begin(_t, rate, weightDecay) {
        stepRate = rate;
        kept = 1 - rate * weightDecay;
      },
      apply(parameters, gradient, [meanSquare], from, count, divisor, l2, clip) {
        kernels.updateScaled(
          parameters + from,
          gradient + from,
          meanSquare + from,
          count,
          divisor,
          l2,
          clip,
          kept,
          alpha,
          1 - alpha,
          stepRate,
          epsilon,
        );
      },
    };
  },
};
