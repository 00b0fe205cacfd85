import { describe, expect, it } from 'vitest';
import { createProgress } from '../../src/commands/progress.js';
import type { EpochEvent, StartEvent, StepEvent } from '../../src/train/events.js';
import { recordTerminal } from './terminal.js';

const start = { type: 'start', epochs: 4, members: 1 } as StartEvent;

function step(number: number): StepEvent {
  return {
    type: 'step',
    epoch: Math.ceil(number / 10),
    step: number,
    stepsPerEpoch: 10,
    loss: 0.5,
    rowsPerSecond: 1234,
    eta: 65,
  };
}

function epoch(number: number): EpochEvent {
  const validation = { loss: 0.4, metrics: { rmse: 2, mae: 1, r2: 0.75, mape: 0.5 } };
  return { type: 'epoch', epoch: number, epochs: 4, step: number * 10, trainLoss: 0.25, validation, seconds: 1 };
}

describe('the progress of a run', () => {
  it('is one line that is redrawn, where a person watches', () => {
    let now = 0;
    const terminal = recordTerminal({ interactive: true });
    const progress = createProgress({ ...terminal, columns: () => 200 }, () => now);
    progress.update(start);
    progress.update(step(10));
    progress.update(epoch(1));
    now = 99;
    progress.update(step(11));
    expect(terminal.noted).toHaveLength(1);
    now = 100;
    progress.update(step(20));
    expect(terminal.noted[1]).toBe(
      '\r\u001b[2Kepoch 2/4  ██████████░░░░░░░░░░ 50%  ETA 1m05s  1.23k rows/s  loss 0.5  validation rmse 2  mae 1  r2 0.75',
    );
    progress.close();
    expect(terminal.noted[2]).toBe('\r\u001b[2K');
  });

  it('says which member of an ensemble is trained, and how far that is of them all', () => {
    const terminal = recordTerminal({ interactive: true });
    const progress = createProgress({ ...terminal, columns: () => 200 }, () => 0);
    progress.update({ ...start, members: 2 });
    progress.update({ ...step(20), member: 2 });
    expect(terminal.noted[0]).toContain('member 2/2  epoch 2/4  ███████████████░░░░░ 75%');
    const lines = recordTerminal({ interactive: false });
    const written = createProgress(lines, () => 0);
    written.update({ ...start, members: 2 });
    written.update({ ...epoch(4), member: 1 });
    expect(lines.noted[0]).toMatch(/^member 1\/2 {2}epoch 4\/4 {2}loss 0\.25/);
  });

  it('shows how far a table is read, until there are steps', () => {
    let now = 0;
    const terminal = recordTerminal({ interactive: true });
    const progress = createProgress({ ...terminal, columns: () => 200 }, () => now);
    progress.update({ type: 'reading', data: 'large.parquet', rows: 3_000_000, share: 0.25 });
    expect(terminal.noted).toEqual(['\r\u001b[2Kreading large.parquet  █████░░░░░░░░░░░░░░░ 25%  3M rows']);
    now = 200;
    progress.update(start);
    expect(terminal.noted).toHaveLength(1);
    progress.update(step(1));
    expect(terminal.noted[1]).toContain('epoch 1/4');
  });

  it('says every ten seconds how far a table is read, where nobody watches', () => {
    let now = 0;
    const terminal = recordTerminal();
    const progress = createProgress(terminal, () => now);
    for (; now <= 25_000; now += 500) {
      progress.update({ type: 'reading', data: 'large.parquet', rows: 1000 * now, share: now / 50_000 });
    }
    expect(terminal.noted.map((line) => line.replace(/.* (\d+%).*/, '$1'))).toEqual(['20%', '40%']);
  });

  it('fits the width of the terminal', () => {
    const terminal = recordTerminal({ interactive: true });
    const progress = createProgress(terminal, () => 0);
    progress.update(start);
    progress.update(step(40));
    expect(terminal.noted[0].replace('\r\u001b[2K', '')).toHaveLength(59);
  });

  it('makes way for a line, and for what comes after it', () => {
    const terminal = recordTerminal({ interactive: true });
    const progress = createProgress(terminal, () => 0);
    progress.update(step(1));
    progress.note('a warning');
    progress.update(step(2));
    expect(terminal.noted.slice(1, 3)).toEqual(['\r\u001b[2K', 'a warning']);
    expect(terminal.noted[3]).toContain('epoch 1');
  });

  it('is one line an epoch elsewhere, at most two a second, the last always', () => {
    let now = 0;
    const terminal = recordTerminal();
    const progress = createProgress(terminal, () => now);
    for (let number = 1; number <= 4; number++) {
      progress.update(step(number * 10));
      progress.update(epoch(number));
      now += 200;
    }
    progress.close();
    expect(terminal.noted).toEqual([
      'epoch 1/4  loss 0.25  validation rmse 2  mae 1  r2 0.75  1.23k rows/s  ETA 1m05s',
      'epoch 4/4  loss 0.25  validation rmse 2  mae 1  r2 0.75  1.23k rows/s  ETA 1m05s',
    ]);
  });

  it('writes the last epoch of a run that ends early', () => {
    const terminal = recordTerminal();
    const progress = createProgress(terminal, () => 0);
    progress.update(epoch(1));
    progress.update(epoch(2));
    progress.close();
    progress.close();
    expect(terminal.noted.map((line) => line.slice(0, 9))).toEqual(['epoch 1/4', 'epoch 2/4']);
  });

  it('is nothing with --quiet', () => {
    const terminal = recordTerminal({ quiet: true, interactive: true });
    const progress = createProgress(terminal, () => 0);
    progress.update(step(1));
    progress.note('a warning');
    progress.close();
    expect(terminal.noted).toEqual([]);
  });
});
