/** The exports of a kernel binary: exactly the functions of `Kernels` in src/kernels/kernels.ts, which documents them. */
export {
  eluBackward, eluForward, leakyReluBackward, leakyReluForward, multiply, sigmoidBackward, sigmoidForward, tanhBackward,
  tanhForward,
} from './activations';
export { dropout } from './dropout';
export { exp, log } from './elementary';
export { geluForward, mishForward, siluForward } from './gated';
export { gemmNN, gemmNT, gemmTN } from './gemm';
export { biasGradient, gemvForward, gemvInputGradient, gemvWeightGradient } from './gemv';
export { layerNormBackward, layerNormForward } from './layer-norm';
export { blendForward, blendGradient, scaleRows, scaleRowsGradient } from './learned';
export {
  absoluteErrorLoss, binaryCrossEntropyLoss, huberLoss, pinballLoss, poissonLoss, squaredErrorLoss,
} from './losses';
export { periodicForward, periodicGradient } from './periodic';
export { permute } from './permute';
export { crossEntropyLoss, softmax } from './softmax';
export { add, average, finalizeGradient, sumSquares, updateAdam, updateMomentum, updateScaled, updateSgd } from './update';
