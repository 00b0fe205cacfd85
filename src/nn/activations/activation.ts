/**
 * What an activation is: its value and its derivative together, on kernels, in place. The derivative is taken from the stored
 * output h, or, where h does not tell it, from a buffer beside h that the forward pass fills.
 * Adding one is a file in this folder and a line in index.ts.
 */
import type { Kernels } from '../../kernels/kernels.js';

export interface Activation {
  /** Factor by which He's rule scales the weights that feed it (PyTorch's calculate_gain). */
  readonly gain: number;
  /** f(0) = 0: padding columns stay zero by themselves. */
  readonly keepsZero: boolean;
  /** What `backward` reads: the output h, or the slope f'(x), for which training then keeps a buffer. */
  readonly derivativeFrom: 'output' | 'slope';
  /** EPILOGUE bits that do the forward pass inside the product that feeds it; 0 for none. */
  readonly forwardEpilogue: number;
  /** EPILOGUE bits that do the backward pass inside the product that makes its gradient; 0 for none. */
  readonly backwardEpilogue: number;
  /**
   * h = f(h) over `count` contiguous float32, where no epilogue did it; null where there is nothing to do.
   * `slope` receives f'(.) where `derivativeFrom` says so; 0 where nobody wants it.
   */
  readonly forward: ((kernels: Kernels, h: number, count: number, slope: number) => void) | null;
  /** d = d * f'(.), from the stored output or slope; null likewise. */
  readonly backward: ((kernels: Kernels, d: number, kept: number, count: number) => void) | null;
}
