/** A column as predict gives it, whatever file it is written to. */

/** A column of results. Missing is null, in numbers NaN. */
export type OutputColumn =
  | { readonly name: string; readonly type: 'double' | 'integer'; readonly values: Float64Array }
  | { readonly name: string; readonly type: 'string'; readonly values: readonly (string | null)[] }
  | { readonly name: string; readonly type: 'boolean'; readonly values: readonly (boolean | null)[] };
