// `hale drill run region-loss`: every node of the home region is killed and kept down, while a customer writes and keeps the receipts; the database is
// moved to the other region by the order a person would give; what is missing afterwards is counted and compared with what Hale said would be.
// Then the region comes back, the standbys there are made again, and the database is moved home.
import { formatDuration } from '@hale/base';
import type { DrillLine } from '@hale/drill';
import { isCluster, type ReplicaView, type SystemSpec, type SystemView } from '@hale/model';
import { type DrillLedger, openDrillLedger, resourceUrl } from '@hale/platform/postgres';
import type { Call } from '../commands/entry.ts';
import { cliError } from '../errors.ts';
import { pause } from '../host.ts';
import type { RunningSystem } from '../system/running.ts';

type Common = Pick<DrillLine, 'drill' | 'seed' | 'platform' | 'n' | 'verdict' | 'recoveredMs' | 'complaints'>;

export interface RegionLine extends Common {
  readonly database: string;
  readonly from: string;
  readonly to: string;
  readonly acknowledged: number;
  readonly ackedLost: number;
  /** Of what is missing, the oldest was acknowledged so long before the region was lost. */
  readonly lostWithinMs: number | undefined;
  /** What Hale said of it. */
  readonly told: string | undefined;
  readonly homeMs: number | undefined;
}

interface Stage {
  readonly call: Call;
  readonly system: RunningSystem;
  readonly database: string;
  readonly home: string;
  readonly region: string;
  readonly signal: AbortSignal;
}

const warmMs = 1_500;
const writeWithinMs = 60_000;
const wholeWithinMs = 180_000;
const lookEveryMs = 40;
const askAgainMs = 2_000;

/** Throws HALE_CLI_REFUSED where nothing is declared that could be lost. */
export async function drillRegion(
  call: Call,
  at: { readonly system: RunningSystem; readonly spec: SystemSpec; readonly signal: AbortSignal },
): Promise<RegionLine> {
  const { spec, system, signal } = at;
  const [home, region] = spec.regions ?? [];
  const database = Object.values(spec.resources).find(isCluster)?.name;
  if (home === undefined || region === undefined || database === undefined) {
    throw cliError('HALE_CLI_REFUSED', 'there is no second region with a copy of a database', {
      hint: "declare regions: ['eu', 'us'] and postgres({ standbys: 2 }) in hale.config.ts",
    });
  }
  const stage: Stage = { call, system, database, home, region, signal };
  const url = resourceUrl(spec, database);
  if (url === undefined) throw cliError('HALE_CLI_REFUSED', `${database} has no address yet`, { hint: 'hale up' });
  await until(stage, 'the database to be whole', wholeWithinMs, isWhole);
  const ledger = await openDrillLedger(url, call.host.clock);
  try {
    return await lose(stage, ledger);
  } finally {
    await ledger.close();
  }
}

async function lose(stage: Stage, ledger: DrillLedger): Promise<RegionLine> {
  const { call, system, database, home, region } = stage;
  const { clock } = call.host;
  await pause(call.host.clock, warmMs);
  const seq = (await system.api.feed(undefined, 1)).at(-1)?.seq;
  const struckMs = clock.mono();
  let isLost = true;
  const dark = (async () => {
    while (isLost && !stage.signal.aborted) {
      for (const one of nodesOf(await view(stage), database)) if (one.zone !== region) end(one);
      await pause(call.host.clock, lookEveryMs);
    }
  })();
  const order = { kind: 'failover', unit: database, region } as const;
  let firstMs: number | undefined;
  try {
    await until(stage, 'the primary to be lost', writeWithinMs, (now) => primaryOf(now, database) === undefined);
    // What was sent before may have been acknowledged by the old one.
    const lostMs = clock.mono();
    let askedMs = Number.NEGATIVE_INFINITY;
    await until(stage, 'a write to be acknowledged', writeWithinMs, async () => {
      firstMs = ledger.firstAfter(lostMs);
      // As a person would: it is refused while another change of primary is under way.
      if (firstMs === undefined && clock.mono() - askedMs > askAgainMs) {
        askedMs = clock.mono();
        await system.api.order(order);
      }
      return firstMs !== undefined;
    });
  } finally {
    isLost = false;
    await dark;
  }
  await system.api.order({ kind: 'resume', unit: database });
  await until(stage, 'standbys in the region that came back', wholeWithinMs, isWhole);
  const feed = await system.api.feed(seq, 400);
  const told = feed.find(({ text }) => /is the primary of term \d+: it lacks/.test(text))?.text;
  const { lostAtMs } = await ledger.settle();
  const backMs = clock.mono();
  await system.api.order({ ...order, region: home });
  const isHome = (now: SystemView) => isWhole(now, database) && primaryOf(now, database)?.zone !== region;
  await until(stage, 'the database to be home', wholeWithinMs, isHome);
  const complaints = complaintsOf({ lostAtMs, told, struckMs });
  return {
    ...{
      drill: 'region-loss',
      seed: 0,
      platform: 'process',
      n: 1,
      verdict: complaints.length === 0 ? 'healed' : 'failed',
    },
    recoveredMs: firstMs === undefined ? undefined : Math.round(firstMs - struckMs),
    complaints,
    ...{ database, from: home, to: region, acknowledged: ledger.acknowledged, ackedLost: lostAtMs.length },
    lostWithinMs: lostAtMs.length === 0 ? undefined : Math.round(struckMs - Math.min(...lostAtMs)),
    told,
    homeMs: Math.round(clock.mono() - backMs),
  };
}

/** Bounded: only the last moments. Told: Hale said that something is missing when something is. */
function complaintsOf(found: {
  readonly lostAtMs: readonly number[];
  readonly told: string | undefined;
  readonly struckMs: number;
}): readonly string[] {
  const { lostAtMs, told, struckMs } = found;
  const complaints: string[] = [];
  if (told === undefined) complaints.push('nothing was said of what may be missing');
  const late = lostAtMs.filter((at) => at > struckMs + lossBoundMs || at < struckMs - lossBoundMs);
  if (late.length > 0)
    complaints.push(`${late.length} are missing that are not of the last ${formatDuration(lossBoundMs)}`);
  return complaints;
}

const lossBoundMs = 5_000;

function nodesOf({ replicas }: SystemView, database: string): readonly ReplicaView[] {
  return replicas.filter(({ unit }) => unit === database);
}

function primaryOf(now: SystemView, database: string): ReplicaView | undefined {
  return nodesOf(now, database).find((one) => one.database === 'primary');
}

function isWhole(now: SystemView, database: string): boolean {
  return now.units.find(({ unit }) => unit === database)?.state === 'healthy';
}

function end({ pid }: ReplicaView): void {
  if (pid === undefined) return;
  try {
    process.kill(pid, 'SIGKILL');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}

/** Control may be busy: then there is nothing new to see. */
async function view({ system }: Stage): Promise<SystemView> {
  return system.api.system();
}

async function until(
  stage: Stage,
  what: string,
  withinMs: number,
  holds: (now: SystemView, database: string) => boolean | Promise<boolean>,
): Promise<void> {
  const { clock } = stage.call.host;
  const endMs = clock.mono() + withinMs;
  for (;;) {
    if (await holds(await view(stage), stage.database)) return;
    if (stage.signal.aborted) throw cliError('HALE_CLI_REFUSED', 'the drill was broken off', { hint: 'hale ps' });
    if (clock.mono() > endMs) {
      const hint = `hale explain, hale failover ${stage.database} --region ${stage.home}`;
      throw cliError('HALE_CLI_REFUSED', `waited ${formatDuration(withinMs)} for ${what}`, { hint });
    }
    await pause(stage.call.host.clock, lookEveryMs);
  }
}
