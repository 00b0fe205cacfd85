/** The exports of a kernel binary: exactly the functions of `Kernels` in src/kernels/kernels.ts, which documents them. */
export {
  leakyReluBackward, leakyReluForward, sigmoidBackward, sigmoidForward, tanhBackward, tanhForward,
} from './activations';
export { exp, log } from './elementary';
export { gemmNN, gemmNT, gemmTN } from './gemm';
export { biasGradient, gemvForward, gemvInputGradient, gemvWeightGradient } from './gemv';
export { absoluteErrorLoss, binaryCrossEntropyLoss, huberLoss, squaredErrorLoss } from './losses';
export { crossEntropyLoss, softmax } from './softmax';
export { add, finalizeGradient, sumSquares, updateAdam, updateMomentum, updateSgd } from './update';
