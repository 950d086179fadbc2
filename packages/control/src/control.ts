// The duty officer: takes the lease, reads the book, declares what is wanted, and keeps the ring turning until it is relieved.
// Relief (`stop`) finishes, writes a snapshot and lets go of the lease; no workload notices (INV-08). Everything it works
// with is handed in: who chooses adapters is the cli.
import { type Clock, isHaleError, makeUlid, randomSeed, seedRng } from '@hale/base';
import { type Order, type SystemSpec, type SystemView, unitsOf } from '@hale/model';
import type { Journal, Lease, Platform } from '@hale/ports';
import { type ApiHost, startApi } from './api/host.ts';
import type { ApiRequest, ApiWorkerData, Objectives } from './api/messages.ts';
import type { Brain, SystemIdentity } from './brain.ts';
import { controlError } from './errors.ts';
import type { Log } from './log.ts';
import { createLoop, type Loop } from './loop.ts';
import { type Term, takeOffice } from './office.ts';
import type { Release, Releases } from './releases.ts';
import type { SecretMask } from './secret-mask.ts';

export interface ControlOptions<State> {
  readonly systemId: string;
  readonly brain: Brain<State>;
  /** Makes the hands of this term; whoever carries commands hears from them that the epoch leads now. */
  readonly openPlatform: (epoch: number) => Promise<Platform> | Platform;
  readonly journal: Journal;
  readonly lease: Lease;
  /** Who we are in the lease; see ownHolder. */
  readonly holder: string;
  readonly releases: Releases;
  readonly clock: Clock;
  readonly bootId: string;
  readonly mask: SecretMask;
  /** Values of the secrets that a declaration names, to be masked. */
  readonly secretsOf: (spec: SystemSpec) => readonly string[];
  /** Where the counter is; undefined: none (tests). */
  readonly api: ApiWorkerData | undefined;
  readonly log: Log;
  /**
   * True when a release, once the hands have been told of it, is better led by a control that is started anew (it then inherits
   * what was bound for it). `onRelief` is to bring that about; the next one declares the release by itself.
   */
  readonly needsRelief: (spec: SystemSpec) => boolean;
  readonly onRelief: () => void;
  /** Control cannot go on; the process should end with a failure and be started anew. */
  readonly onFatal: (error: unknown) => void;
}

export interface Control {
  readonly epoch: number;
  /** Port of the API; undefined without one. */
  readonly apiPort: number | undefined;
  /** As a person's order through the API. Gives the id under which the story tells what became of it. */
  order(order: Order, by: string): Promise<string>;
  /** Follows a release from now on. */
  declare(release: number): Promise<string>;
  /** Hands over. Idempotent. */
  stop(): Promise<void>;
}

const retryMs = 1_000;

export async function startControl<State>(options: ControlOptions<State>): Promise<Control> {
  const newest = options.releases.latest();
  const identity = newest === undefined ? { system: '', id: options.systemId, zones: [] } : identityOf(newest);
  const term = takeOffice(options, identity);
  const platform = await options.openPlatform(term.epoch);
  const desk = createDesk({ ...options, ...term, platform, identity });
  const latest = newest === undefined ? undefined : await prepareBest(options, desk, newest, term.view.release);
  if (options.api !== undefined) desk.api = await openCounter(options, desk);
  await insist(options, () => desk.loop.submit({ kind: 'LeaderElected', epoch: term.epoch, seed: randomSeed() }));
  if (latest !== undefined && latest.release > term.view.release) await insist(options, () => desk.follow(latest));
  desk.loop.start();
  let stopped: Promise<void> | undefined;
  return {
    epoch: term.epoch,
    apiPort: desk.api?.port,
    order: desk.order,
    declare: desk.declare,
    stop() {
      stopped ??= handOver(options, platform, desk);
      return stopped;
    },
  };
}

/** A release that was never in force and cannot be followed (its port is taken) does not keep Hale from leading the one that is. */
async function prepareBest<State>(
  { releases, log }: ControlOptions<State>,
  desk: Desk<State>,
  newest: Release,
  inForce: number,
): Promise<Release> {
  try {
    await desk.prepare(newest);
    return newest;
  } catch (error) {
    if (newest.release <= inForce || !releases.has(inForce)) throw error;
    log.error(`release ${newest.release} cannot be followed, ${inForce} stays in force`, error);
    const kept = releases.read(inForce);
    await desk.prepare(kept);
    desk.identity = identityOf(kept);
    return kept;
  }
}

const identityOf = ({ spec }: Release): SystemIdentity => ({ system: spec.name, id: spec.id, zones: spec.zones });

const objectivesOf = ({ services }: SystemSpec): Objectives =>
  Object.fromEntries(Object.values(services).map(({ name, slo }) => [name, slo]));

interface Desk<State> {
  readonly loop: Loop<State>;
  api: ApiHost | undefined;
  identity: SystemIdentity;
  objectives: Objectives;
  /** Tells the hands what is in force, and learns what must never be shown of anything that still runs. */
  prepare(latest: Release): Promise<void>;
  follow(release: Release): Promise<void>;
  order(order: Order, by: string): Promise<string>;
  declare(release: number): Promise<string>;
}

type DeskOptions<State> = ControlOptions<State> &
  Term<State> & { readonly platform: Platform; readonly identity: SystemIdentity };

function createDesk<State>(options: DeskOptions<State>): Desk<State> {
  const { brain, clock, log, mask, releases, platform } = options;
  const newId = createIds(clock);
  const learn = ({ spec }: Release) => {
    mask.learn(options.secretsOf(spec));
    desk.api?.secrets(mask.values);
  };
  const promise = ({ spec }: Release) => {
    desk.objectives = objectivesOf(spec);
    desk.api?.objectives(desk.objectives);
  };
  const loop = createLoop({
    ...options,
    clean: mask.deep,
    mayLead: () => options.lease.isHeld(),
    onStep: (_state, seq, told) => desk.api?.changed(told ? seq : undefined),
    onPage: ({ title, detail, incident }) => log.warn(`a person is needed: ${title}`, { detail, incident }),
    onTrouble: (error) => log.error('trouble', error),
  });
  const desk: Desk<State> = {
    loop,
    api: undefined,
    identity: options.identity,
    objectives: {},
    async prepare(latest) {
      const running = new Set(options.view.replicas.map((replica) => replica.release));
      for (const release of running) if (releases.has(release)) learn(releases.read(release));
      learn(latest);
      promise(latest);
      await platform.declare(latest.spec, latest.release);
    },
    async follow(release) {
      learn(release);
      await platform.declare(release.spec, release.release);
      desk.identity = identityOf(release);
      promise(release);
      await loop.submit({ kind: 'SystemDeclared', release: release.release, units: unitsOf(release.spec) });
      log.info('declared', { release: release.release });
    },
    async order(order, by) {
      const id = newId();
      await loop.submit({ kind: 'OrderReceived', id, by, order });
      log.info('order', { id, by, order });
      return id;
    },
    async declare(number) {
      const current = brain.viewOf(loop.state, desk.identity).release;
      if (number < current) {
        throw controlError('HALE_CONTROL_RELEASE_OLDER', `release ${current} is in force, ${number} is older`);
      }
      const release = releases.read(number);
      await platform.declare(release.spec, number);
      if (number > current && options.needsRelief(release.spec)) options.onRelief();
      else await desk.follow(release);
      return newId();
    },
  };
  return desk;
}

function openCounter<State>(options: ControlOptions<State>, desk: Desk<State>): Promise<ApiHost> {
  const { brain, clock, mask } = options;
  const onRequest = (request: ApiRequest) =>
    request.kind === 'order' ? desk.order(request.order, request.by) : desk.declare(request.release);
  return startApi({
    clock,
    worker: options.api as ApiWorkerData,
    currentView: () => viewOf(brain, desk),
    onRequest,
    onStopped: options.onFatal,
  }).then((api) => {
    api.secrets(mask.values);
    api.objectives(desk.objectives);
    return api;
  });
}

/** What the brain knows, and what keeps its hands still. */
function viewOf<State>(brain: Brain<State>, { loop, identity }: Desk<State>): SystemView {
  const view = brain.viewOf(loop.state, identity);
  return loop.trouble === undefined ? view : { ...view, trouble: loop.trouble };
}

/** Without these two nothing can begin: on a full disk it waits and tries again. */
async function insist<State>({ clock, log }: ControlOptions<State>, work: () => Promise<void>): Promise<void> {
  for (;;) {
    try {
      return await work();
    } catch (error) {
      if (!isHaleError(error) || error.code !== 'HALE_CONTROL_JOURNAL_FULL') throw error;
      log.error('waiting for room on the disk', error);
      await new Promise<void>((resolve) => void clock.after(retryMs, resolve));
    }
  }
}

/** What is under way is finished, the book closed, the lease let go of; every workload stays. */
async function handOver<State>(options: ControlOptions<State>, platform: Platform, desk: Desk<State>): Promise<void> {
  await desk.loop.finish();
  await desk.api?.close();
  await platform.release();
  options.lease.release();
  options.journal.close();
  options.log.info('handed over');
}

function createIds(clock: Clock): () => string {
  let rng = seedRng(randomSeed());
  return () => {
    const made = makeUlid(clock.wall(), rng);
    rng = made.next;
    return made.id;
  };
}
