/**
 * Two laws of speed-up, fitted to measured runs by least squares. C(W) is the speed-up of W workers over one.
 *
 * Amdahl (AFIPS 1967): C = W / (1 + s (W - 1)); a share s of the work cannot be divided, so C stays below 1 / s.
 * Universal Scalability Law (Gunther, "Guerrilla Capacity Planning", 2007): C = W / (1 + s (W - 1) + k W (W - 1)); k is the
 * cost of every pair of workers having to agree, so C has a peak, at W = sqrt((1 - s) / k).
 *
 * W / C - 1 is linear in s and k, and that is what is fitted, as Gunther does; neither coefficient may be negative.
 */

/** A measured speed-up. */
export interface SpeedUp {
  readonly workers: number;
  /** Rows a second over those of one worker. */
  readonly speedUp: number;
}

export interface AmdahlFit {
  /** s, the share of the work that cannot be divided; 0 to 1. */
  readonly serial: number;
  /** 1 / s: no number of workers gives more; null where s is 0. */
  readonly limit: number | null;
}

export interface UslFit {
  /** s */
  readonly contention: number;
  /** k */
  readonly coherency: number;
  /** The number of workers beyond which more are slower; null where there is none. */
  readonly peak: number | null;
}

/** Null without a measured point beyond one worker. */
export function fitAmdahl(points: readonly SpeedUp[]): AmdahlFit | null {
  const terms = termsOf(points);
  if (terms.length === 0) return null;
  const serial = Math.min(1, Math.max(0, ratio(dot(terms, 'one', 'excess'), dot(terms, 'one', 'one'))));
  return { serial, limit: serial === 0 ? null : 1 / serial };
}

/** Null below two measured points beyond one worker: there are two coefficients. */
export function fitUsl(points: readonly SpeedUp[]): UslFit | null {
  const terms = termsOf(points);
  if (new Set(terms.map(({ one }) => one)).size < 2) return null;
  const [aa, ab, bb] = [dot(terms, 'one', 'one'), dot(terms, 'one', 'pairs'), dot(terms, 'pairs', 'pairs')];
  const [ay, by] = [dot(terms, 'one', 'excess'), dot(terms, 'pairs', 'excess')];
  const determinant = aa * bb - ab * ab;
  let contention = (ay * bb - by * ab) / determinant;
  let coherency = (by * aa - ay * ab) / determinant;
  // With one coefficient at its bound, the best other one is a fit of its own.
  if (contention < 0) [contention, coherency] = [0, Math.max(0, ratio(by, bb))];
  else if (coherency < 0) [contention, coherency] = [Math.max(0, ratio(ay, aa)), 0];
  const peak = coherency === 0 ? null : Math.sqrt(Math.max(0, 1 - contention) / coherency);
  return { contention, coherency, peak };
}

/** C(W) of a fit; Amdahl's law is the other with k = 0. */
export function speedUpBy({ contention, coherency }: Omit<UslFit, 'peak'>, workers: number): number {
  return workers / (1 + contention * (workers - 1) + coherency * workers * (workers - 1));
}

/** One equation of the fit: excess = s * one + k * pairs. */
interface Term {
  readonly one: number;
  readonly pairs: number;
  readonly excess: number;
}

function termsOf(points: readonly SpeedUp[]): Term[] {
  return points
    .filter(({ workers }) => workers > 1)
    .map(({ workers, speedUp }) => ({
      one: workers - 1,
      pairs: workers * (workers - 1),
      excess: workers / speedUp - 1,
    }));
}

function dot(terms: readonly Term[], a: keyof Term, b: keyof Term): number {
  return terms.reduce((sum, term) => sum + term[a] * term[b], 0);
}

function ratio(a: number, b: number): number {
  return b === 0 ? 0 : a / b;
}
