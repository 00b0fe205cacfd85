/** A chart of curves and points as plain data: what is drawn, not how. */

/** One axis; its values must be above 0 where it is logarithmic. */
export interface Axis {
  /** What it shows, with the unit. */
  readonly name: string;
  /** Base of the ticks of a logarithmic axis; null: linear. */
  readonly logBase: 2 | 10 | null;
  /** What it shows at least, and nothing beyond. */
  readonly range: readonly [number, number];
  readonly label: (value: number) => string;
}

/** A place, x first. */
export type Point = readonly [number, number];

export interface Series {
  readonly name: string;
  readonly look: 'line' | 'faint' | 'dashed' | 'dotted' | 'points';
  readonly points: readonly Point[];
}

/** A vertical line with words beside it. */
export interface Mark {
  readonly x: number;
  readonly name: string;
  readonly isMain: boolean;
}

export interface Chart {
  readonly title: string;
  readonly x: Axis;
  readonly y: Axis;
  /** At least one; the first ones lie on top. */
  readonly series: readonly Series[];
  readonly marks: readonly Mark[];
}
