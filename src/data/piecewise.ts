/**
 * The piecewise-linear encoding of a number z with edges b0 < … < bT: one value for each bin,
 *
 *   e_t = clip((z - b_(t-1)) / (b_t - b_(t-1)), 0, 1)
 *
 * so bins below z are 1, those above it 0, and its own says how far in it lies: a network that is linear in them is any
 * piecewise-linear function of z. What the network gets is 2 (e_t - m_t), where m_t is the mean of e_t over the training
 * rows; a missing z is 0 in every bin, the mean.
 *
 * Source: Gorishniy, Rubachev, Babenko, "On embeddings for numerical features in tabular deep learning", NeurIPS 2022,
 * section 3.2. There the first and the last bin go on beyond the edges; here a value outside the training rows is at the edge.
 * How the edges are found is bins.ts's concern.
 */

/** Plain data. z and the edges are standardised values, as a dataset stores them. */
export interface Bins {
  /** T + 1 of them, ascending. */
  readonly edges: readonly number[];
  /** T of them: m_t above. */
  readonly means: readonly number[];
}

/** Writes the T values of z, float32, to out[at ...]. */
export type Encode = (z: number, out: Float32Array, at: number) => void;

/** The encoding with these bins. A row of a table holds all values but that of z's own bin. */
export function createPiecewise({ edges, means }: Bins): Encode {
  const T = means.length;
  const bounds = Float64Array.from(edges);
  const table = new Float32Array(T * T);
  for (let bin = 0; bin < T; bin++) {
    for (let t = 0; t < T; t++) table[bin * T + t] = 2 * ((t < bin ? 1 : 0) - means[t]);
  }
  return (z, out, at) => {
    if (Number.isNaN(z)) {
      for (let t = 0; t < T; t++) out[at + t] = 0;
      return;
    }
    const bin = binOf(bounds, z);
    const row = Math.imul(bin, T);
    for (let t = 0; t < T; t++) out[at + t] = table[row + t];
    out[at + bin] = 2 * (place(bounds, bin, z) - means[bin]);
  };
}

/**
 * The mean of each bin's value.
 *
 * @param sorted ascending, at least one
 */
export function binMeans(edges: readonly number[], sorted: Float32Array): number[] {
  const bounds = Float64Array.from(edges);
  const sums = new Float64Array(edges.length - 1);
  const rows = new Float64Array(edges.length - 1);
  for (let i = 0; i < sorted.length; i++) {
    const bin = binOf(bounds, sorted[i]);
    sums[bin] += place(bounds, bin, sorted[i]);
    rows[bin]++;
  }
  const means: number[] = [];
  for (let bin = sums.length - 1, above = 0; bin >= 0; above += rows[bin--]) {
    means.unshift((above + sums[bin]) / sorted.length);
  }
  return means;
}

/** The bin of z: the last one whose lower edge is not above z; the first where there is none. */
function binOf(edges: Float64Array, z: number): number {
  let low = 0;
  let high = edges.length - 1;
  while (high - low > 1) {
    const middle = (low + high) >>> 1;
    if (z < edges[middle]) high = middle;
    else low = middle;
  }
  return low;
}

/** e of z in its own bin. */
function place(edges: Float64Array, bin: number, z: number): number {
  const low = edges[bin];
  return Math.min(1, Math.max(0, (z - low) / (edges[bin + 1] - low)));
}
