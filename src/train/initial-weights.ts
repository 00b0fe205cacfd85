/** Where the weights of a run start: drawn by He's rule, drawn and calibrated on training rows, or read from a file. */
import { createGather } from '../data/batches.js';
import type { TrainingInput } from '../data/input.js';
import { createOrder, type EpochOrder, type OrderPlan } from '../data/order.js';
import { instantiateKernels } from '../kernels/load.js';
import { initialiseParameters } from '../nn/init.js';
import { CALIBRATION_ROWS, calibrate } from '../parallel/calibrate.js';
import { parameterView, type Session, writeParameters } from '../parallel/session.js';

/** How many rows weights are calibrated on: no more than a ring always has room for. */
function calibrationRows({ windowRows }: OrderPlan): number {
  return Math.min(CALIBRATION_ROWS, windowRows);
}

/** The rows that weights are calibrated on: the first ones of an epoch's order. */
export function calibrationSlots(order: EpochOrder): Uint32Array {
  const slots = new Uint32Array(calibrationRows(order.plan));
  createOrder(order).fill(slots, 0, slots.length);
  return slots;
}

/**
 * Sets the weights of a run that is about to start.
 *
 * @param read what was read from the file, where one was named
 */
export async function setInitialWeights(
  session: Session,
  { init, seed }: { readonly init: string; readonly seed: number },
  read: readonly Float32Array[] | null,
  input: TrainingInput,
): Promise<void> {
  const { plan, setup, views } = session;
  if (read !== null) {
    writeParameters(session, read);
    return;
  }
  initialiseParameters(plan.network, seed, parameterView(session));
  if (init !== 'calibrated') return;
  const { order } = await input.train(0, 0, calibrationRows(input.order));
  const kernels = instantiateKernels(setup.kernels, setup.memory);
  calibrate(plan, views, kernels, createGather(input.dataset), calibrationSlots(order), seed);
}
