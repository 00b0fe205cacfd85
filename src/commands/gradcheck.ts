/**
 * `paragrad gradcheck [--loss FILE.mjs|NAME]`: is the gradient that of the loss? Of a module, said in words and numbers; of the
 * built-in losses with the built-in activations, as a table. Ends with exit code 2 where one is wrong.
 */
import { type Command, InvalidArgumentError, Option } from 'commander';
import { type BuiltInCheck, checkBuiltIn } from '../check/built-in-check.js';
import { brief, bySeverity } from '../check/finding.js';
import { checkModule, drawSample, type ModuleCheck } from '../check/module-check.js';
import { ParagradError } from '../errors.js';
import { chooseKernels } from '../kernels/load.js';
import { ACTIVATIONS, type ActivationName } from '../nn/activations/index.js';
import { LOSSES, type LossName } from '../nn/losses/index.js';
import type { Task } from '../nn/losses/loss.js';
import { importLossModule, isLossFile } from '../nn/losses/module.js';
import { wrongGradient } from '../train/run-loss.js';
import { TASKS } from '../train/task.js';
import { printFindings } from './findings.js';
import { formatTable } from './format.js';
import { type CommandContext, runCommand } from './run-command.js';
import { addOutputOptions, type OutputOptions } from './terminal.js';

interface GradcheckOptions extends OutputOptions {
  readonly loss?: string;
  readonly activation?: ActivationName;
  readonly task: Task;
  readonly classes: number;
  readonly rows: number;
  readonly seed: number;
}

export function addGradcheckCommand(program: Command): void {
  const command = program
    .command('gradcheck')
    .description('check a hand-written loss, or the built-in ones, against numeric derivatives')
    .option('--loss <NAME|FILE.mjs>', 'a module of your own, or a built-in loss (default: all built-in ones)')
    .addOption(
      new Option('--activation <NAME>', 'of the built-in check (default: all)').choices(Object.keys(ACTIVATIONS)),
    )
    .addOption(new Option('--task <NAME>', 'what the targets of a module are').choices(TASKS).default('regression'))
    .option('--classes <N>', 'classes of a multiclass target', wholeNumber(2), 3)
    .option('--rows <N>', 'rows to check on', wholeNumber(8), 300)
    .option('--seed <N>', 'seed of the rows', wholeNumber(0), 0);
  addOutputOptions(command).action((options: GradcheckOptions) =>
    runCommand(options, (context) => runGradcheck(options, context)),
  );
}

function wholeNumber(least: number): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (Number.isInteger(value) && value >= least) return value;
    throw new InvalidArgumentError(`Expected a whole number of at least ${least}.`);
  };
}

async function runGradcheck(options: GradcheckOptions, { terminal }: CommandContext): Promise<void> {
  const { loss, activation, rows, seed } = options;
  if (loss !== undefined && isLossFile(loss)) {
    await checkFile(loss, options, terminal);
    return;
  }
  if (loss !== undefined && !(loss in LOSSES)) {
    throw new ParagradError(
      'bad_option',
      `unknown --loss "${loss}", expected one of ${Object.keys(LOSSES).join(', ')}, or the path of a .mjs file`,
    );
  }
  const kernels = chooseKernels('auto');
  const losses = loss === undefined ? (Object.keys(LOSSES) as LossName[]) : [loss as LossName];
  const activations = activation === undefined ? (Object.keys(ACTIVATIONS) as ActivationName[]) : [activation];
  const checks = losses.flatMap((name) =>
    activations.map((hidden) => {
      const verify = `paragrad gradcheck --loss ${name} --activation ${hidden}`;
      return checkBuiltIn(name, hidden, { rows, seed, kernels, verify });
    }),
  );
  const findings = bySeverity(checks.flatMap((check) => check.findings));
  const header = ['loss', 'activation', 'verdict', 'kappa', 'worst entry', 'training kernels'];
  terminal.print(formatTable([header, ...checks.map(cells)]));
  printFindings(terminal, findings);
  terminal.emit({
    type: 'done',
    checks: checks.map(({ check, ...rest }) => ({
      loss: rest.loss,
      activation: rest.activation,
      verdict: check.verdict,
      kappa: check.directional.kappa,
      worst: check.worst,
      kernelError: rest.kernelError,
    })),
  });
  if (findings.length > 0) throw wrongGradient('the built-in losses', findings);
}

function cells({ loss, activation, check, kernelError }: BuiltInCheck): string[] {
  const { verdict, directional, worst } = check;
  return [
    loss,
    activation,
    verdict,
    directional.kappa.toFixed(6),
    worst.toExponential(1),
    kernelError.toExponential(1),
  ];
}

async function checkFile(file: string, options: GradcheckOptions, terminal: CommandContext['terminal']): Promise<void> {
  const { task, classes, rows, seed } = options;
  const module = await importLossModule(file);
  const targets = task === 'regression' ? 'values' : task === 'binary' ? 'binary' : 'class';
  const verify = `paragrad gradcheck --loss ${file}${task === 'regression' ? '' : ` --task ${task}`}`;
  const checked = checkModule(module, drawSample(targets, rows, classes, seed), verify);
  const findings = bySeverity(checked.findings);
  printFindings(terminal, findings);
  const { entries, kinks } = checked.probe;
  terminal.emit({ type: 'done', file, rows, verdict: findings.length === 0 ? 'right' : 'wrong', own: checked.own });
  if (findings.length > 0) throw wrongGradient(file, findings);
  terminal.print(
    `${file}: right on ${entries.length} predictions${kinksText(kinks)}${reductionText(checked, module.batch)}`,
  );
}

function kinksText(kinks: number): string {
  return kinks === 0 ? '' : ` (${brief(kinks)} more lie at a kink, where there is no derivative)`;
}

function reductionText({ own }: ModuleCheck, batch: boolean): string {
  return batch ? `; loss and gradient are each a ${own.loss} over the rows` : '';
}
