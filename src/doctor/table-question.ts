/** What the findings about a table are made of: its sampled columns, what is to be done with them, and how a finding is said. */
import type { Finding, FindingCode, Severity } from '../check/finding.js';
import type { SampledColumn } from './column-sample.js';

export interface TableQuestion {
  readonly location: string;
  readonly features: readonly SampledColumn[];
  readonly target: SampledColumn;
  /** The weights of the rows, where they have some. */
  readonly weights?: SampledColumn | undefined;
  /** Whether some of the rows are held out, to score the training. */
  readonly holdsOut: boolean;
  readonly task: 'regression' | 'binary' | 'multiclass' | undefined;
  readonly scale: string;
  /** none: as it is, or as a loss of counts needs it. */
  readonly scaleTarget: string;
  /** As the config has it; undefined: by the task. */
  readonly loss: string | undefined;
}

/** Makes a finding about a column. */
export type Say = (
  code: FindingCode,
  severity: Severity,
  evidence: string,
  cause: string,
  advice: string,
  values: Readonly<Record<string, number | string>>,
) => Finding;

/** Findings about a table that is read from there. */
export function sayAbout(location: string): Say {
  return (code, severity, evidence, cause, advice, values) => {
    return { code, severity, evidence, cause, advice, verify: `paragrad inspect ${location}`, values };
  };
}
