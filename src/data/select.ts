/** Order statistics without sorting. */

/**
 * Moves the value of rank k to place k, no greater one before it and no smaller one behind: Hoare, "Algorithm 65: find", 1961,
 * about the middle value of three. Sorting a column of millions takes five times as long.
 *
 * @param from values before it have their places; from <= k
 */
export function select(values: Float32Array | Float64Array, k: number, from: number): void {
  let [left, right] = [from, values.length - 1];
  while (left < right) {
    const pivot = middleOf(values[left], values[(left + right) >>> 1], values[right]);
    let [i, j] = [left, right];
    while (i <= j) {
      while (values[i] < pivot) i++;
      while (values[j] > pivot) j--;
      if (i > j) break;
      const swapped = values[i];
      values[i++] = values[j];
      values[j--] = swapped;
    }
    if (k <= j) right = j;
    else if (k >= i) left = i;
    else return;
  }
}

function middleOf(a: number, b: number, c: number): number {
  return Math.max(Math.min(a, b), Math.min(Math.max(a, b), c));
}
