/** What came of a run, all members taken together. */
import { resourceUsage } from 'node:process';
import { meanMetrics } from './ensemble.js';
import type { DoneEvent, StepSeconds } from './events.js';
import type { TrainedMember } from './member.js';
import type { MemberNetworks } from './member-networks.js';
import type { Metrics } from './metrics.js';

type Result = Pick<DoneEvent, 'steps' | 'epoch' | 'metrics' | 'members' | 'throughput' | 'memory' | 'shards'>;

/** @param test scores of the test table, where there is one */
export function resultOf(trained: readonly MemberNetworks[], test: Metrics | undefined): Result {
  const members = trained.flatMap(({ networks }) => networks);
  const [{ outcome, plan }] = members;
  const validations = trained.flatMap(({ validation }) => validation ?? []);
  const sum = (of: (member: TrainedMember) => number) => members.reduce((all, member) => all + of(member), 0);
  const seconds = sum((member) => member.outcome.seconds);
  const steps = sum((member) => member.outcome.stepsTaken);
  return {
    steps,
    epoch: outcome.epochs,
    metrics: { ...(validations.length > 0 && { validation: meanMetrics(validations) }), ...(test && { test }) },
    members: members.map(({ description: { seed, temperature, share, validation }, outcome: { epochs } }) => {
      return { seed, epoch: epochs, temperature, share, validation };
    }),
    throughput: {
      rowsPerSecond: sum((member) => member.outcome.rows) / seconds,
      stepsPerSecond: steps / seconds,
      seconds: addSeconds(members.map((member) => member.seconds)),
    },
    memory: {
      peak: resourceUsage().maxRSS * 1024,
      steps: Math.max(...members.map((member) => member.plan.layout.bytes)),
      rows: Math.max(...members.map(({ rowBytes }) => rowBytes)),
    },
    shards: plan.shards,
  };
}

function addSeconds(parts: readonly StepSeconds[]): StepSeconds {
  const names = Object.keys(parts[0]) as (keyof StepSeconds)[];
  const sums = names.map((name) => [name, parts.reduce((sum, part) => sum + part[name], 0)]);
  return Object.fromEntries(sums) as StepSeconds;
}
