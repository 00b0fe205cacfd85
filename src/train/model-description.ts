/**
 * What a model file says of its model, as JSON in one entry of its metadata: all that predicting from a raw table needs, but the
 * weights. The schema is the format: what is read is checked against it, one of an earlier format is brought up to date, and
 * one of a later format is refused by name rather than misread.
 */
import { z } from 'zod';
import { CATEGORY_ENCODINGS } from '../data/dataset.js';
import { featureNames, type Preprocessing, rowLayout } from '../data/preprocess.js';
import { TIME_PARTS } from '../data/times.js';
import { ParagradError } from '../errors.js';
import type { Arithmetic } from '../kernels/kernels.js';
import { ACTIVATIONS, type ActivationName } from '../nn/activations/index.js';
import { LOSSES, type LossName } from '../nn/losses/index.js';
import type { NetworkSpec } from '../nn/network.js';
import { lossConstantsOf } from './loss-constants.js';
import type { Metrics } from './metrics.js';
import { outputsFor, TASKS } from './task.js';

/** Raised when a model written now could be misread by an older paragrad. 2: parts of times, hashed categories. 3: clips,
 * bins, encodings of categories. 4: members, temperatures. 5: learned pieces of the network, shares. 6: several quantiles, values of numbers. */
export const MODEL_FORMAT = 6;

/** The entry that holds it. */
export const METADATA_KEY = 'paragrad';

const count = z.int().min(0);
const width = z.int().min(1);
const scaled = { centre: z.number(), shift: z.number(), scale: z.number() };

const binsSchema = z
  .object({ edges: z.array(z.number()), means: z.array(z.number()).min(1) })
  .refine(({ edges, means }) => edges.length === means.length + 1, 'a bin lies between two edges');

const preprocessingSchema: z.ZodType<Preprocessing> = z.object({
  numbers: z.array(
    z.object({
      name: z.string(),
      part: z.enum(TIME_PARTS).optional(),
      ...scaled,
      clip: z.number().optional(),
      bins: binsSchema.optional(),
      values: z.array(z.number()).min(1).optional(),
      flagged: z.boolean(),
    }),
  ),
  categories: z.array(
    z.object({
      name: z.string(),
      values: z.array(z.string()),
      buckets: z.int().min(1).optional(),
      encoding: z.enum(CATEGORY_ENCODINGS).optional(),
    }),
  ),
  target: z.discriminatedUnion('task', [
    z.object({
      name: z.string(),
      task: z.literal('regression'),
      ...scaled,
      range: z.object({ min: z.number(), max: z.number() }).optional(),
    }),
    z.object({
      name: z.string(),
      task: z.enum(['binary', 'multiclass']),
      type: z.enum(['string', 'number', 'boolean']),
      classes: z.array(z.union([z.string(), z.number(), z.boolean()])),
    }),
  ]),
  weightColumn: z.string().nullable(),
});

const score = z.number().nullable();
const metricsSchema: z.ZodType<Metrics> = z.union([
  // Of quantiles, the names of further scores depend on them.
  z.object({ rmse: score, mae: score, r2: score, mape: score }).catchall(score),
  z.object({
    accuracy: score,
    logLoss: score,
    auc: score.exactOptional(),
    averagePrecision: score.exactOptional(),
    balancedAccuracy: score,
    f1: score,
  }),
]);

/** Pieces that networks of earlier formats cannot have are absent there. */
const networkSchema = z.object({
  sizes: z.array(width).min(2),
  activation: z.enum(Object.keys(ACTIVATIONS) as ActivationName[]),
  blend: z.boolean().default(false),
  inputScale: z.boolean().default(false),
  residual: z.boolean().default(false),
  layerNorm: z.boolean().default(false),
  periodic: count.default(0),
  embeddings: z.array(width).default([]),
}) satisfies z.ZodType<NetworkSpec>;

const memberSchema = z.object({
  network: networkSchema,
  preprocessing: preprocessingSchema,
  /** Divides the logits of a classification. */
  temperature: z.number().gt(0),
  /** What it counts in the average, relative to the others. */
  share: z.number().gt(0).max(1).default(1),
  seed: count,
  rows: z.object({ train: count, validation: count }),
  /** Optimizer steps taken. */
  steps: count,
  /** Scores of its held-out rows by the weights that were kept; null where none were held out. */
  validation: metricsSchema.nullable(),
});

const descriptionSchema = z.object({
  formatVersion: z.literal(MODEL_FORMAT),
  paragradVersion: z.string(),
  task: z.enum(TASKS),
  /** A name, or the file of a user's module, which predicting does not need. */
  loss: z.union([
    z.enum(Object.keys(LOSSES) as LossName[]),
    z.object({ file: z.string(), targets: z.enum(['values', 'class']) }),
  ]),
  /** Those that the loss reads. */
  lossConstants: z.object({ quantile: z.array(z.number()).min(1).readonly(), labelSmoothing: z.number() }).partial(),
  arithmetic: z.enum(['fma', 'strict'] satisfies Arithmetic[]),
  /** The networks whose outputs are averaged; most models have one. */
  members: z.array(memberSchema).min(1),
});

/** Everything about a network of a model but its weights. */
export type MemberDescription = z.output<typeof memberSchema>;

/** Everything about a model but its weights. */
export type ModelDescription = z.output<typeof descriptionSchema>;

/**
 * Reads a description.
 *
 * @param metadata of the file
 * @param path of the file, for messages
 * @throws ParagradError `not_a_model` naming what is missing or wrong, `newer_model`
 */
export function readDescription(metadata: Readonly<Record<string, string>>, path: string): ModelDescription {
  const text = metadata[METADATA_KEY];
  if (text === undefined) throw notAModel(path, `its metadata has no "${METADATA_KEY}" entry`);
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    throw notAModel(path, `its metadata entry "${METADATA_KEY}" is not JSON`);
  }
  const version = z.object({ formatVersion: z.number(), paragradVersion: z.string() }).safeParse(json);
  if (version.success && version.data.formatVersion > MODEL_FORMAT) {
    const { formatVersion, paragradVersion } = version.data;
    const message = `${path} was written by paragrad ${paragradVersion} in model format ${formatVersion}`;
    throw new ParagradError('newer_model', `${message}; this paragrad reads format ${MODEL_FORMAT}`, {
      hint: 'Update paragrad.',
    });
  }
  const isOlder = version.success && version.data.formatVersion < MODEL_FORMAT;
  const result = descriptionSchema.safeParse(isOlder ? upgraded(json as object) : json);
  if (!result.success) {
    const issue = result.error.issues[0]!;
    throw notAModel(path, `metadata ${issue.path.join('.') || METADATA_KEY}: ${issue.message}`);
  }
  checkEnds(result.data, path);
  return result.data;
}

/** From before there were members a description is that of its only one; from before there were several quantiles there is one. */
function upgraded(json: { readonly lossConstants?: object }): unknown {
  const members = 'members' in json ? json.members : [{ ...json, temperature: 1 }];
  const lossConstants = Object.fromEntries(
    Object.entries(json.lossConstants ?? {}).map(([name, value]) => [name, name === 'quantile' ? [value] : value]),
  );
  return { ...json, formatVersion: MODEL_FORMAT, members, lossConstants };
}

/** The first and last widths must be what the columns and the loss make them. */
function checkEnds(description: ModelDescription, path: string): void {
  for (const member of description.members) checkMemberEnds(member, description, path);
}

function checkMemberEnds(
  { network, preprocessing }: MemberDescription,
  { loss, lossConstants }: ModelDescription,
  path: string,
): void {
  const { target } = preprocessing;
  const inputs = featureNames(preprocessing).length;
  if (network.sizes[0] !== inputs) {
    throw notAModel(path, `its network has ${network.sizes[0]} inputs, but its columns make ${inputs}`);
  }
  const { embedded } = rowLayout(preprocessing, { target: false, weight: false });
  if (network.periodic > preprocessing.numbers.length || network.embeddings.join() !== embedded.join()) {
    throw notAModel(path, 'its network learns of other numbers and categories than its columns are');
  }
  const outputs = network.sizes.at(-1);
  if (outputs !== outputsFor(loss, lossConstantsOf(lossConstants), target)) {
    throw notAModel(
      path,
      `its network has ${outputs} outputs, which does not fit loss ${typeof loss === 'string' ? loss : loss.file}`,
    );
  }
}

function notAModel(path: string, why: string): ParagradError {
  return new ParagradError('not_a_model', `${path} is not a paragrad model: ${why}`);
}
