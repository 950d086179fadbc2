// The duty officer: takes the lease, reads the book, declares what is wanted, and keeps the ring turning until it is relieved.
// Relief (`stop`) finishes, writes a snapshot and lets go of the lease; no workload notices (INV-08). Everything it works
// with is handed in: who chooses adapters is the cli.
import { type Clock, isHaleError, makeUlid, randomSeed, seedRng } from '@hale/base';
import { type Order, type SystemSpec, unitsOf } from '@hale/model';
import type { Journal, Lease, Platform } from '@hale/ports';
import { type ApiHost, startApi } from './api/host.ts';
import type { ApiRequest, ApiWorkerData } from './api/messages.ts';
import type { Brain, SystemIdentity } from './brain.ts';
import { controlError } from './errors.ts';
import type { Log } from './log.ts';
import { restore } from './loop/restore.ts';
import { createLoop, type Loop } from './loop.ts';
import type { Release, Releases } from './releases.ts';
import type { SecretMask } from './secret-mask.ts';

export interface ControlOptions<State> {
  readonly brain: Brain<State>;
  readonly platform: Platform;
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
  /** Tells whoever carries commands that this epoch leads now. */
  readonly lead: (epoch: number) => Promise<void>;
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
  const { brain, journal, lease, log } = options;
  const epoch = lease.acquire(options.holder);
  const restored = restore(brain, journal);
  if (restored.from === 'unreadable-snapshot') {
    log.warn('the snapshot is of another build and cannot be read: the world is observed anew');
  }
  log.info('leading', { epoch, from: restored.from, replayed: restored.replayed, seq: restored.seq });
  await options.lead(epoch);

  const latest = options.releases.latest();
  const identity: SystemIdentity = { system: latest.spec.name, id: latest.spec.id, zones: latest.spec.zones };
  const desk = createDesk(options, identity, restored);
  await desk.prepare(latest);
  if (options.api !== undefined) desk.api = await openCounter(options, desk);
  await insist(options, () => desk.loop.submit({ kind: 'LeaderElected', epoch, seed: randomSeed() }));
  if (latest.release > brain.viewOf(restored.state, identity).release) await insist(options, () => desk.follow(latest));
  desk.loop.start();
  let stopped: Promise<void> | undefined;
  return {
    epoch,
    apiPort: desk.api?.port,
    order: desk.order,
    declare: desk.declare,
    stop() {
      stopped ??= handOver(options, desk);
      return stopped;
    },
  };
}

interface Desk<State> {
  readonly loop: Loop<State>;
  api: ApiHost | undefined;
  identity: SystemIdentity;
  prepare(latest: Release): Promise<void>;
  follow(release: Release): Promise<void>;
  order(order: Order, by: string): Promise<string>;
  declare(release: number): Promise<string>;
}

function createDesk<State>(
  options: ControlOptions<State>,
  identity: SystemIdentity,
  restored: { readonly state: State; readonly seq: number },
): Desk<State> {
  const { brain, clock, log, mask, releases } = options;
  const newId = createIds(clock);
  const learn = ({ spec }: Release) => {
    mask.learn(options.secretsOf(spec));
    desk.api?.secrets(mask.values);
  };
  const loop = createLoop({
    ...options,
    ...restored,
    clean: mask.deep,
    mayLead: () => options.lease.isHeld(),
    onStep: (_state, seq, told) => desk.api?.changed(told ? seq : undefined),
    onPage: ({ title, detail, incident }) => log.warn(`a person is needed: ${title}`, { detail, incident }),
    onTrouble: (error) => log.error('trouble', error),
  });
  const desk: Desk<State> = {
    loop,
    api: undefined,
    identity,
    /** Tells the hands about every release that replicas still run, oldest first, the newest last. */
    async prepare(latest) {
      const running = brain.viewOf(restored.state, identity).replicas.map((replica) => replica.release);
      const older = [...new Set(running)].filter((n) => n < latest.release && releases.has(n)).sort((a, b) => a - b);
      for (const release of [...older.map(releases.read), latest]) {
        learn(release);
        await options.platform.declare(release.spec, release.release);
      }
    },
    async follow(release) {
      learn(release);
      await options.platform.declare(release.spec, release.release);
      desk.identity = { system: release.spec.name, id: release.spec.id, zones: release.spec.zones };
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
      await desk.follow(releases.read(number));
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
    currentView: () => brain.viewOf(desk.loop.state, desk.identity),
    onRequest,
    onStopped: options.onFatal,
  }).then((api) => {
    api.secrets(mask.values);
    return api;
  });
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
async function handOver<State>(options: ControlOptions<State>, desk: Desk<State>): Promise<void> {
  await desk.loop.finish();
  await desk.api?.close();
  await options.platform.release();
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
