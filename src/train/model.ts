/**
 * A trained model as a file: float32 tensors W0 [in, out], b0 [out], W1 …, of an ensemble member0.W0 …, in a safetensors file
 * whose metadata entry "paragrad" holds, as JSON, all that predicting from a raw table needs. The schema below is the format: what is read is
 * checked against it, and a file of a later format is refused by name rather than misread.
 */
import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { CATEGORY_ENCODINGS } from '../data/dataset.js';
import { featureNames, type Preprocessing, rowLayout } from '../data/preprocess.js';
import { TIME_PARTS } from '../data/times.js';
import { ParagradError } from '../errors.js';
import type { Arithmetic } from '../kernels/kernels.js';
import { ACTIVATIONS, type ActivationName } from '../nn/activations/index.js';
import { LOSSES, type LossName } from '../nn/losses/index.js';
import { type NetworkSpec, planNetwork } from '../nn/network.js';
import { readSafetensors, type Safetensors, sha256, type Tensor, writeSafetensors } from './safetensors.js';
import { outputsFor, TASKS } from './task.js';

/** Raised when a model written now could be misread by an older paragrad. 2: parts of times, hashed categories. 3: clips,
 * bins, encodings of categories. 4: members, temperatures. 5: learned pieces of the network, shares. */
export const MODEL_FORMAT = 5;

/** Name of the model within its run directory. */
export const MODEL_FILE = 'model.safetensors';

const METADATA_KEY = 'paragrad';

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
const metricsSchema = z.union([
  z.object({ rmse: score, mae: score, r2: score, mape: score, pinball: score.exactOptional() }),
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
  lossConstants: z.object({ quantile: z.number(), labelSmoothing: z.number() }).partial(),
  arithmetic: z.enum(['fma', 'strict'] satisfies Arithmetic[]),
  /** The networks whose outputs are averaged; most models have one. */
  members: z.array(memberSchema).min(1),
});

/** Everything about a network of a model but its weights. */
export type MemberDescription = z.output<typeof memberSchema>;

/** Everything about a model but its weights. */
export type ModelDescription = z.output<typeof descriptionSchema>;

export interface Member {
  readonly description: MemberDescription;
  /** W0 [in, out], b0 [out], W1 …, row-major float32. */
  readonly tensors: readonly Tensor[];
}

export interface Model {
  /** Of the model file. */
  readonly path: string;
  readonly description: ModelDescription;
  readonly members: readonly Member[];
  readonly weightsSha256: string;
}

/**
 * Writes a model file, whole or not at all.
 *
 * @param values of each member: the contents of W0, b0, W1 … without padding
 * @throws ParagradError `not_writable`
 */
export async function saveModel(
  path: string,
  description: ModelDescription,
  values: readonly (readonly Float32Array[])[],
): Promise<void> {
  const { members } = description;
  const tensors = members.flatMap(({ network }, member) => {
    const prefix = tensorPrefix(member, members.length);
    return tensorShapes(network, prefix).map((tensor, i) => ({ ...tensor, data: values[member][i] }));
  });
  await writeSafetensors(path, tensors, { [METADATA_KEY]: JSON.stringify(description) });
}

/**
 * Reads a trained model.
 *
 * @param path a model.safetensors or a run directory
 * @throws ParagradError `no_such_file`, `not_safetensors`, `no_model` (a folder without one), `not_a_model` (not
 *   paragrad's, or damaged), `wrong_tensors`, `newer_model` (of a later format)
 *
 * @example
 * const model = await loadModel('runs/houses-1');
 */
export async function loadModel(path: string): Promise<Model> {
  const location = await modelLocation(path);
  const file = await readSafetensors(location);
  const description = readDescription(file, location);
  checkEnds(description, location);
  return {
    path: location,
    description,
    members: description.members.map((member, index) => ({
      description: member,
      tensors: matchTensors(file, member.network, location, tensorPrefix(index, description.members.length)),
    })),
    weightsSha256: sha256(file.data),
  };
}

/**
 * Reads weights to start from: a model of paragrad's, or any safetensors file, with the network's tensors (W0 [in, out], b0 [out],
 * W1 …), in its shapes. From an ensemble each member takes its own; further members begin again with the first.
 *
 * @param path a file or a run directory
 * @param inputs what the network's inputs are, one name for each; a model must have the same
 * @param member counted from 0
 * @returns the contents of the tensors in their order
 * @throws ParagradError `no_such_file`, `not_safetensors`, `wrong_tensors` naming the tensor that is missing or of another shape
 */
export async function readInitialWeights(
  path: string,
  network: NetworkSpec,
  inputs: readonly string[],
  member: number,
): Promise<Float32Array[]> {
  const location = await modelLocation(path);
  const file = await readSafetensors(location);
  let prefix = '';
  if (METADATA_KEY in file.metadata) {
    const { members } = readDescription(file, location);
    const index = member % members.length;
    checkInputs(featureNames(members[index].preprocessing), inputs, location);
    prefix = tensorPrefix(index, members.length);
  }
  return matchTensors(file, network, location, prefix).map((tensor) => tensor.data);
}

/** Weights of other columns fit in shape at best. */
function checkInputs(own: readonly string[], wanted: readonly string[], path: string): void {
  const at = wanted.findIndex((name, i) => own[i] !== name);
  if (at < 0 && own.length === wanted.length) return;
  const [theirs, ours] = [own, wanted].map((names) =>
    at < 0 ? `${names.length} inputs` : `"${names[at] ?? 'nothing'}"`,
  );
  const where = at < 0 ? '' : ` as input ${at + 1}`;
  throw new ParagradError(
    'wrong_tensors',
    `${path} does not fit the network: it has ${theirs}${where}, expected ${ours}`,
    {
      hint: 'Start from a model of the same columns, encoded alike.',
    },
  );
}

async function modelLocation(path: string): Promise<string> {
  const isFolder = await stat(path).then(
    (stats) => stats.isDirectory(),
    () => false,
  );
  if (!isFolder) return path;
  const inside = join(path, MODEL_FILE);
  const exists = await stat(inside).then(
    () => true,
    () => false,
  );
  if (!exists) {
    throw new ParagradError('no_model', `${path} holds no ${MODEL_FILE}`, {
      hint: 'Give a run directory whose training ended, or a model file.',
    });
  }
  return inside;
}

function readDescription(file: Safetensors, path: string): ModelDescription {
  const text = file.metadata[METADATA_KEY];
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
  return result.data;
}

/** A description from before there were members: it is that of its only one. */
function upgraded(json: object): unknown {
  const members = 'members' in json ? json.members : [{ ...json, temperature: 1 }];
  return { ...json, formatVersion: MODEL_FORMAT, members };
}

/** The first and last widths must be what the columns and the loss make them. */
function checkEnds({ loss, members }: ModelDescription, path: string): void {
  for (const member of members) checkMemberEnds(member, loss, path);
}

function checkMemberEnds(
  { network, preprocessing }: MemberDescription,
  loss: ModelDescription['loss'],
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
  if (outputs !== outputsFor(loss, target.task === 'regression' ? 1 : target.classes.length)) {
    throw notAModel(
      path,
      `its network has ${outputs} outputs, which does not fit loss ${typeof loss === 'string' ? loss : loss.file}`,
    );
  }
}

/** The tensors of a network in file order, each checked by name and shape. */
function matchTensors(file: Safetensors, network: NetworkSpec, path: string, prefix: string): Tensor[] {
  const refuse = (why: string) => new ParagradError('wrong_tensors', `${path} does not fit the network: ${why}`);
  return tensorShapes(network, prefix).map(({ name, shape }) => {
    const tensor = file.tensors.find((candidate) => candidate.name === name);
    if (tensor === undefined) throw refuse(`it has no tensor ${name}, expected [${shape.join(', ')}]`);
    if (tensor.shape.join() !== shape.join()) {
      throw refuse(`tensor ${name} is [${tensor.shape.join(', ')}], expected [${shape.join(', ')}]`);
    }
    return { ...tensor, name: name.slice(prefix.length) };
  });
}

function tensorPrefix(member: number, members: number): string {
  return members === 1 ? '' : `member${member}.`;
}

function tensorShapes(network: NetworkSpec, prefix: string): { name: string; shape: readonly number[] }[] {
  return planNetwork(network).tensors.map(({ name, shape }) => ({ name: `${prefix}${name}`, shape }));
}

function notAModel(path: string, why: string): ParagradError {
  return new ParagradError('not_a_model', `${path} is not a paragrad model: ${why}`);
}
