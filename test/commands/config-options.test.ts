import { Command } from 'commander';
import { describe, expect, it } from 'vitest';
import { addConfigOptions, flagOf, pickConfigOptions, TRAIN_KEYS } from '../../src/commands/config-options.js';
import { configSchema, resolveConfig } from '../../src/train/config.js';
import { choicesOf } from '../../src/train/options.js';

function parse(...args: string[]): Record<string, unknown> {
  const command = addConfigOptions(new Command().exitOverride(), TRAIN_KEYS);
  command.parse(args, { from: 'user' });
  return pickConfigOptions(command.opts(), TRAIN_KEYS);
}

describe('the options of train', () => {
  it('are all options of the config but the data, each under its own flag', () => {
    const command = addConfigOptions(new Command(), TRAIN_KEYS);
    expect(command.options.map((option) => option.attributeName()).sort()).toEqual(
      Object.keys(configSchema.shape)
        .filter((key) => key !== 'data')
        .sort(),
    );
    expect(command.options.map((option) => option.long)).toEqual(TRAIN_KEYS.map(flagOf));
  });

  it('list their choices in the help', () => {
    const help = addConfigOptions(new Command(), TRAIN_KEYS).configureHelp({ helpWidth: 1000 }).helpInformation();
    for (const key of TRAIN_KEYS) expect(help).toContain((choicesOf(configSchema.shape[key]) ?? []).join(', '));
    expect(help).toContain('default: 256,256,256');
  });

  it('are absent where they were not given', () => {
    expect(parse()).toEqual({});
  });

  it('read numbers, lists and names', () => {
    const given = parse(
      ...['--target', 'a,b', '--features', 'x', '--features', 'y,z', '--hidden', '64,32', '--learning-rate', '1e-2'],
      ...[
        '--batch-size',
        'full',
        '--workers',
        '3',
        '--validation',
        '0.25',
        '--test',
        't.arrow',
        '--drop-missing-target',
      ],
    );
    expect(resolveConfig({ data: 'd.arrow', ...given })).toMatchObject({
      target: 'a,b',
      features: ['x', 'y,z'],
      hidden: [64, 32],
      learningRate: 0.01,
      batchSize: 'full',
      workers: 3,
      validation: 0.25,
      test: 't.arrow',
      dropMissingTarget: true,
    });
    expect(parse('--hidden', '')).toEqual({ hidden: [] });
    expect(parse('--validation', 'held-out.parquet', '--batch-size', '32')).toEqual({
      validation: 'held-out.parquet',
      batchSize: 32,
    });
  });

  it.each([
    [['--learning-rate', '-1'], '--learning-rate: expected a number above 0, got -1'],
    [['--learning-rate', 'fast'], '--learning-rate: expected a number above 0, got "fast"'],
    [['--learning-rate', ''], '--learning-rate: expected a number above 0, got ""'],
    [
      ['--hidden', '64,x'],
      '--hidden: expected a list of layer widths, each a whole number of at least 1, got [64,"x"]',
    ],
    [['--hidden', '64,'], '--hidden: expected a list of layer widths, each a whole number of at least 1, got [64,""]'],
    [['--seed', '0x'], `--seed: expected a whole number from 0 to ${Number.MAX_SAFE_INTEGER}, got "0x"`],
    [['--batch-size', '0'], '--batch-size: expected a whole number of at least 1, or "full", got 0'],
  ])('refuse %j by the name of the flag', (args, message) => {
    expect(() => resolveConfig({ data: 'd.arrow', target: 'y', ...parse(...args) }, flagOf)).toThrow(message);
  });
});
