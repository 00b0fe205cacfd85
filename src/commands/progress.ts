/**
 * The progress of a training run on standard error: one line that is redrawn where a person watches, one line an epoch
 * where nobody does (at most two a second, the first and the last always). While a table is read for long, that is shown.
 */
import type {
  CrossValidationEvent,
  EpochEvent,
  ReadingEvent,
  StartEvent,
  StepEvent,
  TrainEvent,
} from '../train/events.js';
import { formatCount, formatDuration, formatMainMetrics, formatNumber } from './format.js';
import type { Terminal } from './terminal.js';

const REDRAW_MS = 100;
const LINE_MS = 500;
/** Between lines on a table that is being read: it may take minutes. */
const READING_LINE_MS = 10_000;
const BAR_CELLS = 20;
const ERASE_LINE = '\r\u001b[2K';

export interface Progress {
  /** Takes note of an event and shows what there is to show. */
  update(event: TrainEvent | CrossValidationEvent): void;
  /** Writes a line above the bar, or just a line where there is no bar. */
  note(line: string): void;
  /** Takes the bar away. */
  close(): void;
}

/**
 * @param now milliseconds of a steady clock
 */
export function createProgress(terminal: Terminal, now: () => number = () => performance.now()): Progress {
  if (terminal.quiet) return { update() {}, note() {}, close() {} };
  return terminal.interactive ? createBar(terminal, now) : createLines(terminal, now);
}

function createBar(terminal: Terminal, now: () => number): Progress {
  let run: Several = { epochs: 1, members: 1 };
  let step: StepEvent | undefined;
  let epoch: EpochEvent | undefined;
  let drawnAt = Number.NEGATIVE_INFINITY;
  let shown = false;

  const erase = () => {
    if (shown) terminal.draw(ERASE_LINE);
    shown = false;
  };
  return {
    update(event) {
      if (event.type === 'start') run = event;
      if (event.type === 'epoch') epoch = event;
      if (event.type === 'step') step = event;
      const text = event.type === 'reading' ? readingText(event) : step && barText(run, step, epoch);
      if (text === undefined || now() - drawnAt < REDRAW_MS) return;
      drawnAt = now();
      shown = true;
      // One column stays free: a line that fills the terminal would wrap.
      terminal.draw(ERASE_LINE + text.slice(0, terminal.columns() - 1));
    },
    note(line) {
      erase();
      terminal.note(line);
      drawnAt = Number.NEGATIVE_INFINITY;
    },
    close: erase,
  };
}

/** The trainings that a run consists of. */
type Several = Pick<StartEvent, 'epochs' | 'members' | 'folds'>;

/** "fold 1 of 5", "member 2 of 3", in front of what is shown of one of several. */
function whichWords(
  { fold, member, companion }: Pick<StepEvent, 'fold' | 'member' | 'companion'>,
  { folds, members }: Several,
): string[] {
  return [
    ...(fold === undefined ? [] : [`fold ${fold}/${folds}`]),
    ...(member === undefined ? [] : [`member ${member}/${members}`]),
    ...(companion ? ['companion'] : []),
  ];
}

function readingText({ data, rows, share }: ReadingEvent): string {
  return `reading ${data}  ${shareText(share)}  ${formatCount(rows)} rows`;
}

function shareText(share: number): string {
  const full = Math.floor(share * BAR_CELLS);
  return `${'█'.repeat(full)}${'░'.repeat(BAR_CELLS - full)} ${Math.floor(share * 100)}%`;
}

function barText(run: Several, step: StepEvent, epoch: EpochEvent | undefined): string {
  const { epochs, members, folds = 1 } = run;
  // A companion is soon trained, and may stop at any time.
  const own = step.companion ? 1 : Math.min(1, step.step / (step.stepsPerEpoch * epochs));
  const before = ((step.fold ?? 1) - 1) * members + (step.member ?? 1) - 1;
  const share = (before + own) / (members * folds);
  const parts = [
    ...whichWords(step, run),
    `epoch ${step.epoch}/${epochs}`,
    shareText(share),
    `ETA ${formatDuration(step.eta)}`,
    `${formatCount(step.rowsPerSecond)} rows/s`,
    `loss ${formatNumber(step.loss)}`,
  ];
  if (epoch?.validation !== undefined) parts.push(`validation ${formatMainMetrics(epoch.validation.metrics)}`);
  return parts.join('  ');
}

function createLines(terminal: Terminal, now: () => number): Progress {
  let rowsPerSecond: number | undefined;
  let eta: number | undefined;
  let writtenAt = Number.NEGATIVE_INFINITY;
  let readingAt = now();
  let unwritten: EpochEvent | undefined;
  let run: Several = { epochs: 1, members: 1 };

  const write = (event: EpochEvent) => {
    unwritten = undefined;
    writtenAt = now();
    const which = whichWords(event, run);
    const parts = [...which, `epoch ${event.epoch}/${event.epochs}`, `loss ${formatNumber(event.trainLoss)}`];
    if (event.validation !== undefined) parts.push(`validation ${formatMainMetrics(event.validation.metrics)}`);
    if (rowsPerSecond !== undefined) parts.push(`${formatCount(rowsPerSecond)} rows/s`);
    if (eta !== undefined) parts.push(`ETA ${formatDuration(eta)}`);
    terminal.note(parts.join('  '));
  };
  const flush = () => {
    if (unwritten !== undefined) write(unwritten);
  };
  return {
    update(event) {
      if (event.type === 'start') run = event;
      if (event.type === 'step') ({ rowsPerSecond, eta } = event);
      if (event.type === 'reading' && now() - readingAt >= READING_LINE_MS) {
        readingAt = now();
        terminal.note(readingText(event));
      }
      if (event.type !== 'epoch') return;
      if (now() - writtenAt >= LINE_MS || event.epoch === event.epochs) write(event);
      else unwritten = event;
    },
    note: (line) => terminal.note(line),
    close: flush,
  };
}
