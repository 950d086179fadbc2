// A scripted system for the page's tests: the shop, calm; and what changes when a replica of it crashes and is healed, or
// its loop blocks. Data only, in the API's own shapes; it decides nothing.
import type { FeedLine, IncidentView, ReplicaView, SystemView, TrafficView, UnitView } from '@hale/model';

/** A mutable copy of the API's types, for the script to write to. */
export type Draft<T> = T extends string | number | boolean | undefined
  ? T
  : T extends readonly (infer U)[]
    ? Draft<U>[]
    : { -readonly [K in keyof T]: Draft<T[K]> };

const started = Date.now();
const stamp = (ms = Date.now()) => ({ wall: ms, mono: ms - started + 100_000, bootId: 'scripted' });

export interface Scene {
  readonly view: Draft<SystemView>;
  readonly traffic: Draft<TrafficView>;
  readonly feed: FeedLine[];
  readonly logs: Record<string, string[]>;
}

export function calmShop(): Scene {
  const units: Draft<UnitView>[] = [
    unit('gateway', 'gateway', 2, []),
    unit('storefront', 'service', 2, ['orders']),
    unit('orders', 'service', 3, ['payments', 'inventory', 'db']),
    unit('payments', 'service', 2, []),
    unit('inventory', 'service', 2, ['db']),
    unit('db', 'postgres', 1, []),
  ];
  const replicas = units.flatMap((one) => Array.from({ length: one.wanted }, (_, i) => replica(one.unit, i)));
  const view: Draft<SystemView> = {
    system: 'shop',
    id: '6a9e0c1e-7a3c-4f0e-9b57-52f0f6d9a001',
    release: 3,
    epoch: 2,
    at: stamp(),
    state: 'healthy',
    zones: ['a', 'b'],
    zonesSimulated: true,
    units,
    replicas,
    incidents: [],
    budget: { used: 0, max: 4, windowMs: 60_000 },
  };
  const flow = (rps: number) => ({ requests: rps * 60, failed: 0, p50Ms: 2.1, p99Ms: 9.4, rps });
  const traffic: Draft<TrafficView> = {
    requests: 60_000,
    failed: 0,
    severed: 0,
    retried: 12,
    held: 0,
    inFlight: 7,
    perUnit: { storefront: flow(412), orders: flow(605), payments: flow(140), inventory: flow(18) },
  };
  return { view, traffic, feed: [], logs: { 'orders/1': ['listening on 41101', 'GET /orders/17 200 3ms'] } };
}

function unit(name: string, role: UnitView['role'], wanted: number, uses: string[]): Draft<UnitView> {
  return { unit: name, role, wanted, serving: wanted, uses, state: 'healthy', why: 'all replicas serve' };
}

function replica(name: string, ordinal: number): Draft<ReplicaView> {
  return {
    replica: `${name}/${ordinal}` as ReplicaView['replica'],
    unit: name,
    incarnation: `01JD${name.toUpperCase()}${ordinal}` as NonNullable<ReplicaView['incarnation']>,
    pid: 41_000 + name.length * 100 + ordinal,
    port: 41_100 + ordinal,
    zone: ordinal % 2 === 0 ? 'a' : 'b',
    phase: 'serving',
    rotation: 'in',
    why: 'ready probe passes',
    restarts: 0,
    startedAt: 4_000,
    cpuRatio: 0.07 + ordinal * 0.03,
    rssBytes: 61e6 + ordinal * 4e6,
    loopLagMs: 1.4 + ordinal,
    release: 3,
  };
}

/** Adds a line to the story and gives it back. */
export function note(scene: Scene, kind: FeedLine['kind'], text: string, about: Partial<FeedLine> = {}): FeedLine {
  const line: FeedLine = {
    seq: (scene.feed.at(-1)?.seq ?? 100) + 1,
    at: stamp(),
    kind,
    unit: undefined,
    replica: undefined,
    incident: undefined,
    text,
    ...about,
  };
  scene.feed.push(line);
  return line;
}

const about = (incident: Draft<IncidentView>) => ({
  unit: incident.unit,
  replica: incident.replicas[0] as ReplicaView['replica'],
  incident: incident.id as IncidentView['id'],
});

/** The database is backed up, and the store has just begun to refuse. */
export function backUp({ view }: Scene): void {
  const now = Date.now();
  view.backups = [
    {
      ...{ database: 'db', everyMs: 24 * 3_600_000, proveMs: 7 * 24 * 3_600_000, since: now - 1e9, known: true },
      lastBackup: { id: '20261128-090000', at: now - 185 * 60_000 },
      lastProof: { backup: '20261127-090000', at: now - 26 * 3_600_000, ok: true, problem: '', rtoMs: 1_400 },
      log: { completeUntil: now - 120_000, behindSince: undefined, spoolBytes: 52e6, trouble: 'the store is full' },
      doing: 'proof',
      lastError: '',
    },
  ];
}

/** A replica is killed: it is out, its unit heals, an incident is open. The new feed lines are given back. */
export function crash(scene: Scene, name: string): readonly FeedLine[] {
  const sick = scene.view.replicas.find((one) => one.replica === name)!;
  const home = scene.view.units.find((one) => one.unit === sick.unit)!;
  Object.assign(sick, { phase: 'sick', rotation: 'out', why: 'exited on SIGKILL', pid: undefined });
  Object.assign(home, { state: 'healing', serving: home.wanted - 1, why: `${name} exited on SIGKILL` });
  Object.assign(scene.view, { state: 'healing' });
  const incident = incidentOf(scene, {
    unit: sick.unit,
    replicas: [sick.replica],
    cause: 'crash',
    title: `${name} exited on SIGKILL`,
    evidence: ['the kernel says: exited, signal SIGKILL', 'the gateway saw 3 connections refused'],
  });
  return [
    note(scene, 'opened', `${name} exited on SIGKILL; nothing of ours asked for it.`, about(incident)),
    note(scene, 'isolated', `${name} is out of rotation: callers go to the others.`, about(incident)),
    note(scene, 'acted', `Starting ${name} again at once: first failure in an hour.`, about(incident)),
  ];
}

/** The replica serves again and the symptom is verified gone. */
export function heal(scene: Scene, name: string): readonly FeedLine[] {
  const well = scene.view.replicas.find((one) => one.replica === name)!;
  const home = scene.view.units.find((one) => one.unit === well.unit)!;
  const incident = scene.view.incidents.find((one) => one.replicas.includes(well.replica) && one.outcome === 'open')!;
  Object.assign(well, { phase: 'serving', rotation: 'in', why: 'ready probe passes', pid: 43_210 });
  well.restarts++;
  Object.assign(home, { state: 'healthy', serving: home.wanted, why: 'all replicas serve' });
  Object.assign(scene.view, { state: 'healthy' });
  Object.assign(incident, { outcome: 'healed', closedAt: { ...stamp(), mono: incident.openedAt.mono + 840 } });
  for (const remedy of incident.remedies) remedy.outcome = 'worked';
  return [
    note(scene, 'verified', `${name} answers again and takes its share of requests.`, about(incident)),
    note(scene, 'closed', `Healed in 840 ms: restart ${name}. 0 requests failed.`, about(incident)),
  ];
}

/** A blocked loop, still being judged: the richest incident a page must show. */
export function block(scene: Scene, name: string): readonly FeedLine[] {
  const sick = scene.view.replicas.find((one) => one.replica === name)!;
  Object.assign(sick, { phase: 'sick', rotation: 'suspect', why: 'main loop has not turned for 1.7 s', cpuRatio: 1 });
  const home = scene.view.units.find((one) => one.unit === sick.unit)!;
  Object.assign(home, { state: 'healing', serving: home.wanted - 1, why: `${name}: loop blocked` });
  Object.assign(scene.view, { state: 'healing' });
  const incident = incidentOf(scene, {
    unit: sick.unit,
    replicas: [sick.replica],
    cause: 'blocked-loop',
    title: `${name} does not turn its event loop`,
    evidence: [
      'heartbeat: stalled for 3.1 s, longest pause seen before 40 ms',
      'kernel: main thread has burned CPU without pause for 3.0 s',
    ],
    attachment:
      'while (true) {}\n    at priceOf (services/inventory/price.ts:41:12)\n    at quote (services/inventory/quote.ts:17:9)\n    at Server.<anonymous> (services/inventory/main.ts:23:20)',
  });
  return [
    note(
      scene,
      'suspected',
      `${name} has not turned its loop for 1.5 s: out of rotation, reversible.`,
      about(incident),
    ),
    note(scene, 'condemned', `${name}: heartbeat and kernel agree for 3 s. It is replaced.`, about(incident)),
    note(scene, 'refused', 'Restart of inventory/1 refused: inventory may not go below 1 serving replica.', {
      unit: 'inventory',
    }),
  ];
}

/** Open, but something is missing: storefront serves by a fallback while orders is not to be had. */
export function fallBack(scene: Scene, name: string, missing: string): readonly FeedLine[] {
  const home = scene.view.units.find((one) => one.unit === name)!;
  const cause = `the breaker of ${missing} is open`;
  const why = `${home.wanted} of ${home.wanted} serve, by fallback: ${missing} is missing (${cause})`;
  Object.assign(home, {
    state: 'degraded',
    why,
    degraded: [{ name: missing, cause, since: Date.now() - 12 * 60_000 }],
  });
  Object.assign(scene.view, { state: 'degraded' });
  const incident = incidentOf(scene, {
    unit: name,
    replicas: [`${name}/0` as ReplicaView['replica']],
    cause: 'degraded',
    title: `${name} answers by fallback: ${missing} missing`,
    evidence: [`service: ${missing} is missing (${cause})`, `1 of ${home.wanted} replicas say so`],
  });
  Object.assign(incident, {
    remedies: [],
    rejected: [],
    suspectedAt: undefined,
    condemnedAt: undefined,
    isolatedAt: undefined,
  });
  return [note(scene, 'opened', `${name} answers by fallback: ${missing} missing`, about(incident))];
}

function incidentOf(
  scene: Scene,
  seen: Pick<Draft<IncidentView>, 'unit' | 'replicas' | 'cause' | 'title' | 'evidence'> & { attachment?: string },
): Draft<IncidentView> {
  const now = stamp();
  const later = (ms: number) => ({ ...now, mono: now.mono + ms });
  const incident: Draft<IncidentView> = {
    attachment: undefined,
    ...seen,
    id: `01JDQ2V8M4XK${String(scene.view.incidents.length + 1).padStart(14, '0')}` as IncidentView['id'],
    openedAt: now,
    suspectedAt: now,
    condemnedAt: later(6),
    isolatedAt: later(9),
    closedAt: undefined,
    outcome: 'open',
    remedies: [{ remedy: 'restart', at: later(14), target: seen.replicas[0]!, outcome: 'pending' }],
    rejected: [
      { remedy: 'replace', why: 'nothing serves beside it to surge from' },
      { remedy: 'roll back', why: 'release 3 has served for 6 h without this' },
    ],
  };
  scene.view.incidents.push(incident);
  return incident;
}

/** Serialised as the API would: each view is stamped later than the one before. */
export function stampView(scene: Scene): SystemView {
  const at = stamp();
  scene.view.at = { ...at, mono: Math.max(at.mono, scene.view.at.mono + 0.001) };
  return scene.view as unknown as SystemView;
}
