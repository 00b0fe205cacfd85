/**
 * A member of a run: one network, or two where a companion is trained beside it, in the shares in which the held-out rows want them
 * mixed. All networks of a member are trained on the same rows, with the same ones held out.
 */
import type { Fold } from '../data/folds.js';
import { companionConfig, fitShare } from './companion.js';
import type { ResolvedConfig } from './config.js';
import { averageOutputs, memberSeed } from './ensemble.js';
import { type PreparedMember, prepareMember, type TrainedMember, trainMember } from './member.js';
import { memberEvents, type Place } from './member-events.js';
import type { Metrics } from './metrics.js';
import { type RowSizes, readRows } from './rows.js';
import type { RunResources } from './run-resources.js';
import { type HeldOutOutputs, scoreOutputs } from './score.js';

export interface MemberNetworks {
  /** The first alone where it diverged; what counts nothing in the mixture is left out. */
  readonly networks: readonly TrainedMember[];
  /** What they say together of the held-out rows; null where there are none, or nobody asked. */
  readonly heldOut: HeldOutOutputs | null;
  /** Scores of that. */
  readonly validation: Metrics | null;
  /** Threads that the first was trained with. */
  readonly workers: number;
}

export interface MemberOptions {
  readonly fold?: Fold;
  readonly sizes?: RowSizes | undefined;
  /** Whether nobody reads the tables after this member. */
  readonly isLast: boolean;
  /** Is told what was decided, before the first step. */
  readonly onPrepared?: (prepared: PreparedMember) => Promise<void>;
  /** Whether what it says of the held-out rows is wanted. */
  readonly keepsOutputs?: boolean;
}

/** Reads the rows of a member, trains its networks, and mixes them. */
export async function trainNetworks(
  resources: RunResources,
  config: ResolvedConfig,
  place: Place,
  options: MemberOptions,
): Promise<MemberNetworks> {
  const seed = memberSeed(config.seed, place.member);
  const first = await trainOne(resources, { ...config, seed }, place, options);
  const { rows, trained, workers } = first;
  const alone = { networks: [trained], heldOut: trained.heldOut, validation: trained.description.validation, workers };
  // Without a held-out row there is nothing to mix by.
  if (rows.config.companion === 'none' || trained.outcome.divergence !== null || trained.heldOut === null) return alone;
  const second = await trainOne(
    resources,
    companionConfig(rows.config),
    { ...place, companion: true },
    { ...options, onPrepared: async () => undefined },
  );
  if (second.trained.outcome.divergence !== null) return alone;
  return { ...mix(trained, second.trained), workers };
}

/** One network, from its rows to its weights. */
async function trainOne(
  { context, tables, threads, closeAtEnd, closeMember }: RunResources,
  config: ResolvedConfig,
  place: Place,
  { fold, sizes, isLast, onPrepared, keepsOutputs = false }: MemberOptions,
) {
  const own = memberEvents(context, place);
  const rows = await readRows({
    ...{ ...own, threads, tables, sizes, closeAtEnd, config, fold },
    folder: context.directory.path,
    isLast,
  });
  const prepared = await prepareMember(own, rows, place.member);
  await onPrepared?.(prepared);
  const trained = await trainMember(
    own,
    prepared,
    keepsOutputs || rows.config.companion !== 'none' || !!place.companion,
  );
  await closeMember();
  return { rows, trained, workers: prepared.workers.workers };
}

function mix(first: TrainedMember, second: TrainedMember): Omit<MemberNetworks, 'workers'> {
  const { plan } = first;
  const { target } = first.description.preprocessing;
  const { truth } = first.heldOut!;
  const outputs = [first.heldOut!.outputs, second.heldOut!.outputs] as const;
  const width = plan.network.sizes[plan.network.sizes.length - 1];
  const share = fitShare(outputs, width, target.task, truth);
  const shares = [Math.round(100 - 100 * share) / 100, share];
  const together = averageOutputs(outputs, shares, width, target.task);
  return {
    networks: [first, second].flatMap((network, i) =>
      shares[i] === 0 ? [] : [{ ...network, description: { ...network.description, share: shares[i] } }],
    ),
    heldOut: { outputs: together, truth },
    validation: scoreOutputs(together, width, target, plan, truth),
  };
}
