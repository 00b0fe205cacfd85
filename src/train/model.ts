/**
 * A trained model as a file: float32 tensors W0 [in, out], b0 [out], W1 …, of an ensemble member0.W0 …, in a safetensors file
 * whose metadata holds the description of the model (model-description.ts).
 */
import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { featureNames } from '../data/preprocess.js';
import { ParagradError } from '../errors.js';
import { type NetworkSpec, planNetwork } from '../nn/network.js';
import { METADATA_KEY, type MemberDescription, type ModelDescription, readDescription } from './model-description.js';
import { readSafetensors, type Safetensors, sha256, type Tensor, writeSafetensors } from './safetensors.js';

/** Name of the model within its run directory. */
export const MODEL_FILE = 'model.safetensors';

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
  const description = readDescription(file.metadata, location);
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
    const { members } = readDescription(file.metadata, location);
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
