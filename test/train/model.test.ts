import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Preprocessing } from '../../src/data/preprocess.js';
import { denseNetwork, planNetwork, specOf } from '../../src/nn/network.js';
import { loadModel, MODEL_FILE, readInitialWeights, saveModel } from '../../src/train/model.js';
import { type MemberDescription, MODEL_FORMAT, type ModelDescription } from '../../src/train/model-description.js';
import { readSafetensors, weightsSha256, writeSafetensors } from '../../src/train/safetensors.js';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'paragrad-model-'));
});
afterAll(() => rm(folder, { recursive: true }));

const member: MemberDescription = {
  network: specOf(denseNetwork([2, 3, 1], 'relu')),
  preprocessing: {
    numbers: [
      { name: 'x', centre: 1 / 3, shift: 0.1, scale: 2, flagged: false },
      { name: 'weird, "name"', centre: 0, shift: 0, scale: 0, flagged: false },
    ],
    categories: [],
    target: { name: 'y', task: 'regression', centre: 1e9, shift: 0.25, scale: 1e5 },
    weightColumn: null,
  },
  temperature: 1,
  share: 1,
  seed: 2 ** 53 - 1,
  rows: { train: 80, validation: 20 },
  steps: 30,
  validation: { rmse: 0.1, mae: 0.05, r2: null, mape: 0.2 },
};
const description: ModelDescription = {
  formatVersion: MODEL_FORMAT,
  paragradVersion: '0.1.0',
  task: 'regression',
  loss: 'mse',
  lossConstants: {},
  arithmetic: 'fma',
  members: [member],
};
const weights = [
  Float32Array.of(1, 2, 3, 4, 5, 6),
  Float32Array.of(7, 8, 9),
  Float32Array.of(10, 11, 12),
  Float32Array.of(13),
];

/** A description on its way to being wrong, and its member's. */
type Altered = Record<string, unknown>;
type AlteredMember = Record<string, unknown> & {
  network: Record<string, unknown>;
  preprocessing: { numbers: Record<string, unknown>[] };
};

/** A model file whose description was changed. */
async function altered(change: (json: Altered, member: AlteredMember) => void): Promise<string> {
  const path = join(folder, 'altered.safetensors');
  await saveModel(path, description, [weights]);
  const { tensors, metadata } = await readSafetensors(path);
  const json = JSON.parse(metadata.paragrad);
  change(json, json.members[0]);
  await writeSafetensors(path, tensors, { paragrad: JSON.stringify(json) });
  return path;
}

describe('saveModel and loadModel', () => {
  it('give back what was saved, from the file and from its run directory', async () => {
    const path = join(folder, MODEL_FILE);
    await saveModel(path, description, [weights]);
    for (const place of [path, folder]) {
      const model = await loadModel(place);
      expect(model.path).toBe(path);
      expect(model.description).toEqual(description);
      expect(model.members).toHaveLength(1);
      const [{ tensors, description: own }] = model.members;
      expect(own).toEqual(member);
      expect(tensors.map(({ name }) => name)).toEqual(['W0', 'b0', 'W1', 'b1']);
      expect(tensors.map(({ shape }) => shape)).toEqual([[2, 3], [3], [3, 1], [1]]);
      expect(tensors.map(({ data }) => data)).toEqual(weights);
      expect(model.weightsSha256).toBe(await weightsSha256(path));
    }
  });

  it('keep classes of every type', async () => {
    const path = join(folder, 'classes.safetensors');
    for (const [type, classes] of [
      ['string', ['', 'b']],
      ['number', [-0.5, 3]],
      ['boolean', [false, true]],
    ] as const) {
      const target = { name: 'y', task: 'binary', type, classes: [...classes] } as const;
      const binary: ModelDescription = {
        ...description,
        task: 'binary',
        loss: 'bce',
        members: [
          {
            ...member,
            preprocessing: { ...member.preprocessing, target },
            temperature: 1.25,
            share: 1,
            validation: { accuracy: 1, logLoss: 0.1, auc: null, averagePrecision: null, balancedAccuracy: 1, f1: 0.5 },
          },
        ],
      };
      await saveModel(path, binary, [weights]);
      expect((await loadModel(path)).description).toEqual(binary);
    }
  });

  it('keep each member under its own name', async () => {
    const path = join(folder, 'ensemble.safetensors');
    const other = { ...member, seed: 1, network: specOf(denseNetwork([2, 1], 'tanh')) };
    const few = [Float32Array.of(1, 2), Float32Array.of(3)];
    const ensemble = { ...description, members: [member, { ...other, network: { ...other.network, sizes: [2, 1] } }] };
    await saveModel(path, ensemble, [weights, few]);
    const model = await loadModel(path);
    expect(model.description).toEqual(ensemble);
    expect(model.members[1].tensors).toEqual([
      { name: 'W0', shape: [2, 1], data: few[0] },
      { name: 'b0', shape: [1], data: few[1] },
    ]);
    expect((await readSafetensors(path)).tensors.map(({ name }) => name)).toEqual([
      ...['member0.W0', 'member0.b0', 'member0.W1', 'member0.b1', 'member1.W0', 'member1.b0'],
    ]);
  });

  it('refuse a folder without a model', async () => {
    const empty = await mkdtemp(join(folder, 'empty-'));
    await expect(loadModel(empty)).rejects.toMatchObject({
      code: 'no_model',
      message: `${empty} holds no model.safetensors`,
    });
  });

  it('refuse a file that is not there, and one of another kind', async () => {
    await expect(loadModel(join(folder, 'absent'))).rejects.toMatchObject({ code: 'no_such_file' });
    const other = join(folder, 'other');
    await writeFile(other, 'hello');
    await expect(loadModel(other)).rejects.toMatchObject({ code: 'not_safetensors' });
  });

  it("refuse another program's safetensors file", async () => {
    const path = join(folder, 'foreign.safetensors');
    await writeSafetensors(path, [{ name: 'w', shape: [1], data: Float32Array.of(1) }], {});
    await expect(loadModel(path)).rejects.toMatchObject({
      code: 'not_a_model',
      message: `${path} is not a paragrad model: its metadata has no "paragrad" entry`,
    });
  });

  it.each([1, 2, 3])('read a model of format %i, in which there were no members', async (formatVersion) => {
    const path = await altered((json, { temperature: _, ...own }) => {
      const { sizes, activation } = own.network;
      Object.assign(json, own, { formatVersion, network: { sizes, activation } });
      Reflect.deleteProperty(json, 'members');
    });
    expect((await loadModel(path)).description).toEqual(description);
  });

  it('read a model of format 4, in which networks had no learned pieces', async () => {
    const path = await altered((json, own) => {
      const { sizes, activation } = own.network;
      Object.assign(json, { formatVersion: 4 });
      Object.assign(own, { network: { sizes, activation } });
    });
    expect((await loadModel(path)).description).toEqual(description);
  });

  it('read a model of format 5, in which there was one quantile', async () => {
    const path = await altered((json) => {
      Object.assign(json, { formatVersion: 5, loss: 'quantile', lossConstants: { quantile: 0.9 } });
    });
    expect((await loadModel(path)).description).toMatchObject({ loss: 'quantile', lossConstants: { quantile: [0.9] } });
  });

  it('keep parts of times, clips, bins, and the buckets and encodings of categories', async () => {
    const bins = { edges: [-0.5, 0.25], means: [0.125] };
    const preprocessing = {
      ...member.preprocessing,
      numbers: [{ name: 'at', part: 'sin day', centre: 0, shift: 0.5, scale: 1, clip: 3, bins, flagged: false }],
      categories: [{ name: 'zip', values: [], buckets: 256, encoding: 'embedding' }],
    } as const;
    const network = { ...member.network, embeddings: [256] };
    const values = planNetwork(network).tensors.map(({ rows, columns }) => new Float32Array(rows * columns));
    const path = join(folder, 'columns.safetensors');
    const members = [{ ...member, preprocessing: structuredClone(preprocessing) as Preprocessing, network }];
    await saveModel(path, { ...description, members }, [values]);
    expect((await loadModel(path)).members[0].description).toMatchObject({ preprocessing, network });
  });

  it('refuse a later format by name, whatever else it holds', async () => {
    const path = await altered((json) => {
      json.formatVersion = MODEL_FORMAT + 1;
      json.paragradVersion = '9.9.9';
      json.members = {};
    });
    const refusal = await loadModel(path).catch((error) => error);
    expect(refusal).toMatchObject({ code: 'newer_model', hint: 'Update paragrad.' });
    expect(refusal.message).toContain(
      `written by paragrad 9.9.9 in model format ${MODEL_FORMAT + 1}; this paragrad reads format ${MODEL_FORMAT}`,
    );
  });

  it.each<[string, (json: Altered, own: AlteredMember) => void, string]>([
    [
      'an unknown activation',
      (_, own) => {
        own.network.activation = 'softmax';
      },
      'members.0.network.activation',
    ],
    [
      'no preprocessing',
      (_, own) => {
        Reflect.deleteProperty(own, 'preprocessing');
      },
      'members.0.preprocessing',
    ],
    [
      'a damaged column',
      (_, own) => {
        own.preprocessing.numbers[1].scale = 'x';
      },
      'members.0.preprocessing.numbers.1.scale',
    ],
    [
      'other sizes',
      (_, own) => {
        own.network.sizes = [2, 4, 1];
      },
      'tensor W0 is [2, 3], expected [2, 4]',
    ],
    [
      'a missing layer',
      (_, own) => {
        own.network.sizes = [2, 3, 1, 1];
      },
      'it has no tensor W2, expected [1, 1]',
    ],
    [
      'outputs that do not fit',
      (_, own) => {
        own.network.sizes = [2, 3];
      },
      '3 outputs, which does not fit loss mse',
    ],
    [
      'inputs that do not fit',
      (_, own) => {
        own.preprocessing.numbers.pop();
      },
      '2 inputs, but its columns make 1',
    ],
  ])('refuse a description with %s', async (_, change, words) => {
    const refusal = await loadModel(await altered(change)).catch((error) => error);
    expect(refusal).toMatchObject({ code: words.includes('tensor') ? 'wrong_tensors' : 'not_a_model', exitCode: 2 });
    expect(refusal.message).toContain(words);
    expect(refusal.message).not.toContain('\n');
  });
});

describe('readInitialWeights', () => {
  it('reads W0, b0, W1 … of any safetensors file, in whatever order it holds them', async () => {
    const path = join(folder, 'init.safetensors');
    const tensors = [
      { name: 'b0', shape: [2], data: Float32Array.of(5, 6) },
      { name: 'W0', shape: [1, 2], data: Float32Array.of(1, 2) },
    ];
    await writeSafetensors(path, tensors, {});
    expect(await readInitialWeights(path, denseNetwork([1, 2], 'relu'), ['x'], 0)).toEqual([
      Float32Array.of(1, 2),
      Float32Array.of(5, 6),
    ]);
    await expect(readInitialWeights(path, denseNetwork([1, 2, 1], 'relu'), ['x'], 0)).rejects.toThrow(
      'it has no tensor W1, expected [2, 1]',
    );
  });

  it('takes the weights of a model from its file or run directory, each member its own', async () => {
    const path = join(await mkdtemp(join(folder, 'run-')), MODEL_FILE);
    const other = weights.map((values) => values.map((value) => -value));
    await saveModel(path, { ...description, members: [member, member] }, [weights, other]);
    const { network } = member;
    const inputs = ['x', 'weird, "name"'];
    expect(await readInitialWeights(path, network, inputs, 0)).toEqual(weights);
    expect(await readInitialWeights(dirname(path), network, inputs, 1)).toEqual(other);
    expect(await readInitialWeights(path, network, inputs, 2)).toEqual(weights);
  });

  it('refuses a model of other columns, whose weights would fit in shape only', async () => {
    const path = join(folder, 'columns.safetensors');
    await saveModel(path, description, [weights]);
    const reading = readInitialWeights(path, member.network, ['weird, "name"', 'x'], 0);
    await expect(reading).rejects.toMatchObject({ code: 'wrong_tensors' });
    await expect(reading).rejects.toThrow('it has "x" as input 1, expected "weird, "name""');
    const more = readInitialWeights(path, member.network, ['x', 'weird, "name"', 'z'], 0);
    await expect(more).rejects.toThrow('it has "nothing" as input 3, expected "z"');
    const fewer = readInitialWeights(path, member.network, ['x'], 0);
    await expect(fewer).rejects.toThrow('it has 2 inputs, expected 1 inputs');
  });
});
