/** Laws of speed-up: planted coefficients come back, and measured noise never gives a coefficient below zero. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { fitAmdahl, fitUsl, speedUpBy } from '../../src/scale/laws.js';

const COUNTS = [1, 2, 3, 4, 8, 16];
const coefficient = fc.double({ min: 0, max: 0.3, noNaN: true });

function points(contention: number, coherency: number) {
  return COUNTS.map((workers) => ({ workers, speedUp: speedUpBy({ contention, coherency }, workers) }));
}

describe('fits', () => {
  test('Amdahl: a planted serial share comes back within 1e-12', () => {
    fc.assert(
      fc.property(coefficient, (serial) => {
        expect(fitAmdahl(points(serial, 0))?.serial).toBeCloseTo(serial, 12);
      }),
    );
    expect(fitAmdahl(points(0.25, 0))?.limit).toBeCloseTo(4, 9);
    expect(fitAmdahl(points(0, 0))?.limit).toBeNull();
  });

  test('USL: planted contention and coherency come back within 1e-9', () => {
    fc.assert(
      fc.property(coefficient, coefficient, (contention, coherency) => {
        const fit = fitUsl(points(contention, coherency));
        expect(fit?.contention).toBeCloseTo(contention, 9);
        expect(fit?.coherency).toBeCloseTo(coherency, 9);
      }),
    );
  });

  test('USL: the peak is where one worker more does not help', () => {
    const { peak } = fitUsl(points(0.1, 0.01))!;
    expect(peak).toBeCloseTo(Math.sqrt(0.9 / 0.01), 6);
    const at = (workers: number) => speedUpBy({ contention: 0.1, coherency: 0.01 }, workers);
    expect(at(peak!)).toBeGreaterThan(at(peak! * 1.05));
    expect(at(peak!)).toBeGreaterThan(at(peak! / 1.05));
  });

  test('no coefficient is below 0, whatever was measured', () => {
    const speedUps = fc.array(fc.double({ min: 0.2, max: 40, noNaN: true }), { minLength: 6, maxLength: 6 });
    fc.assert(
      fc.property(speedUps, (values) => {
        const measured = COUNTS.map((workers, i) => ({ workers, speedUp: values[i] }));
        const usl = fitUsl(measured)!;
        expect(usl.contention).toBeGreaterThanOrEqual(0);
        expect(usl.coherency).toBeGreaterThanOrEqual(0);
        const amdahl = fitAmdahl(measured)!;
        expect(amdahl.serial).toBeGreaterThanOrEqual(0);
        expect(amdahl.serial).toBeLessThanOrEqual(1);
      }),
    );
  });

  test('the fit is the best: moving a coefficient makes the squared error no smaller', () => {
    const values = [1, 1.7, 2.4, 2.6, 3.9, 3.1];
    const measured = COUNTS.map((workers, i) => ({ workers, speedUp: values[i] }));
    const error = (contention: number, coherency: number) =>
      measured.reduce((sum, { workers, speedUp }) => {
        const off = workers / speedUp - 1 - contention * (workers - 1) - coherency * workers * (workers - 1);
        return sum + off * off;
      }, 0);
    const { contention, coherency } = fitUsl(measured)!;
    const least = error(contention, coherency);
    for (const [a, b] of [
      [1e-3, 0],
      [-1e-3, 0],
      [0, 1e-3],
      [0, -1e-3],
    ]) {
      expect(error(contention + a, coherency + b)).toBeGreaterThan(least);
    }
  });

  test('too few numbers of workers give no law', () => {
    expect(fitAmdahl(points(0.1, 0).slice(0, 1))).toBeNull();
    expect(fitUsl(points(0.1, 0).slice(0, 2))).toBeNull();
  });
});
