/**
 * Everything that would make a training fail, before it does: the table, the loss and its gradient, the first weights, the
 * learning rate. All causes are reported, not the first one: mending one of several may change nothing that can be seen.
 */

import { createDraws } from '../check/draws.js';
import { bySeverity, type Finding } from '../check/finding.js';
import { checkGradient } from '../check/gradient-check.js';
import { createObjective } from '../check/objective.js';
import { parameterCount } from '../check/tensors.js';
import { openTable } from '../data/open.js';
import { sampleTable } from '../data/sample-table.js';
import type { Table } from '../data/table.js';
import { ParagradError } from '../errors.js';
import { splitColumnNames } from '../train/columns.js';
import { type ResolvedConfig, resolveConfig, type TrainConfig } from '../train/config.js';
import { type DataOptions, dataWords } from '../train/data-options.js';
import { loadOptions } from '../train/load-options.js';
import { classWeightFindings } from './class-weight-findings.js';
import { type SampledColumn, sampleColumns } from './column-sample.js';
import { dataFindings } from './data-findings.js';
import { heldOutFindings } from './held-out-findings.js';
import { sampleHeldOut } from './held-out-sample.js';
import { lossShapeFindings } from './loss-shape.js';
import { examineRate, type RateReport } from './rate-findings.js';
import { replay } from './replay.js';
import { settingsFindings } from './settings-findings.js';
import { examineStart, type StartReport } from './start-findings.js';
import { openSubject, type Subject, unpadded } from './subject.js';
import { sayAbout } from './table-question.js';

export interface Diagnosis {
  /** Errors first. */
  readonly findings: readonly Finding[];
  /** Null where the table or the options cannot be trained with at all. */
  readonly rate: Omit<RateReport, 'findings'> | null;
  readonly start: Omit<StartReport, 'findings'> | null;
  /** Rows that were looked at, and that the table has. */
  readonly rows: { readonly seen: number; readonly all: number };
  /** Why no network was looked at; null where one was. */
  readonly refused: string | null;
}

export interface DoctorOptions {
  readonly signal?: AbortSignal;
  readonly runDir?: string;
}

/**
 * Rows of a table that are looked at, at most: enough for a trial of some tens of thousands of rows and for shares of a thousandth.
 */
export const SAMPLE_ROWS = 65_536;

/** Multiplications of one forward pass of the gradient check. */
const CHECK_WORK = 3e6;

/**
 * Examines a table and a configuration.
 *
 * @param config as for `train`
 * @param options `runDir`: a run of this config, replayed if it diverged
 * @throws ParagradError for what is wrong with the options themselves, and for a table that cannot be opened
 *
 * @example
 * const { findings } = await doctor({ data: 'houses.parquet', target: 'price', learningRate: 1 });
 */
export async function doctor(config: TrainConfig, options: DoctorOptions = {}): Promise<Diagnosis> {
  const resolved = resolveConfig(config);
  const table = await openTable(resolved, { signal: options.signal });
  try {
    const sample = sampleTable(table, SAMPLE_ROWS, resolved.seed);
    const rows = { seen: sample.rows, all: table.rows };
    return { ...(await examine(resolved, table, sample, options)), rows };
  } finally {
    await table.close();
  }
}

async function examine(
  config: ResolvedConfig,
  table: Table,
  sample: Table,
  { signal, runDir }: DoctorOptions,
): Promise<Omit<Diagnosis, 'rows'>> {
  const findings = await examineTable(config, sample, signal);
  const verify = commandFor(config);
  let subject: Subject;
  try {
    // A run is replayed on all its rows.
    subject = await openSubject(config, runDir === undefined ? sample : table, signal);
  } catch (error) {
    // What the findings explain better is no reason to stop with one line.
    const explained = findings.some(({ severity }) => severity === 'error');
    if (!(error instanceof ParagradError) || error.kind !== 'input' || !explained) throw error;
    return { findings: bySeverity(findings), rate: null, start: null, refused: error.message };
  }
  const replayed = runDir === undefined ? [] : await replay(runDir, subject, verify);
  const start = examineStart(subject, verify);
  const rate = examineRate(subject, verify);
  const all = [
    ...replayed,
    ...subject.lossFindings,
    ...networkGradient(subject, verify),
    ...rate.findings,
    ...start.findings,
    ...(await lossShapeFindings(subject, verify)),
    ...settingsFindings(subject, start.constantLoss, verify),
    ...classWeightFindings(subject, verify),
    ...findings,
  ];
  return { findings: bySeverity(all), rate: without(rate), start: without(start), refused: null };
}

function without<T extends { readonly findings: unknown }>({ findings: _, ...rest }: T): Omit<T, 'findings'> {
  return rest;
}

async function examineTable(config: ResolvedConfig, table: Table, signal: AbortSignal | undefined): Promise<Finding[]> {
  const { columns } = table;
  const chosen = splitColumnNames(config.features, columns);
  const excluded = new Set(splitColumnNames(config.exclude, columns) ?? []);
  const names = columns
    .filter(({ name, kind }) => kind !== 'unsupported' && name !== config.target && name !== config.weightColumn)
    .map(({ name }) => name)
    .filter((name) => (chosen === undefined || chosen.includes(name)) && !excluded.has(name));
  if (!columns.some(({ name, kind }) => name === config.target && kind !== 'unsupported')) return [];
  const { weightColumn } = config;
  const weighted =
    weightColumn !== undefined && columns.some(({ name }) => name === weightColumn) ? [weightColumn] : [];
  const [target, ...others] = await sampleColumns(table, [config.target, ...names, ...weighted], signal);
  const features = others.slice(0, names.length);
  const weights = others[names.length] as SampledColumn | undefined;
  const { task, scale, loss, dropMissingTarget } = config;
  const { scaleTarget } = loadOptions(config, table);
  const { location } = table;
  const say = sayAbout(location);
  const heldOut = (await sampleHeldOut(config, table, [...names, config.target], SAMPLE_ROWS, signal)).flatMap((held) =>
    heldOutFindings([...features, target], held, say),
  );
  const found = dataFindings({
    location,
    holdsOut: config.validation !== 0,
    features,
    target,
    weights,
    task,
    scale,
    scaleTarget,
    loss,
  });
  return [...found, ...heldOut].filter(({ code }) => code !== 'missing_target' || !dropMissingTarget);
}

/** The gradient of the configured network, as the check of probes sees it. */
function networkGradient(subject: Subject, verify: string): readonly Finding[] {
  const { plan, lossFindings } = subject;
  // Of what is no number there is nothing to compare.
  if (lossFindings.some(({ code }) => code === 'loss_not_finite')) return [];
  const rows = Math.max(16, Math.min(300, Math.floor(CHECK_WORK / parameterCount(plan.network))));
  const parameters = unpadded(plan.network, subject.createTrial().step.parameters);
  const objective = createObjective(subject.problem(rows));
  return checkGradient(objective, parameters, { perTensor: 4, draws: createDraws(2), verify }).findings;
}

/** The command that examines the same again; what findings advise is added to it. */
export function commandFor({ target, ...config }: DataOptions & Pick<ResolvedConfig, 'target'>): string {
  return `paragrad doctor ${dataWords(config)} --target ${target}`;
}
