// Clients of a database who know no node, only the address that relays answer on. A client is away, waits at a relay, or was led to a node, as
// the real desk has it (platform/src/relay/desk.ts): it is held while nobody can be reached, cut when the way has changed, sent away where its
// node is silent. It remembers what it was told is safe, and looks for it where it is led next.
import type { DatabaseNode } from '@hale/model';
import { choose, type Guide, isSameNode, mayStay, nodeKey, type Purpose } from '@hale/model/relay';
import type { LogMark } from '../../referees/referee.ts';
import { type ClusterWorld, type Disk, isAtWork, isAwake } from '../cluster/disk.ts';
import { holds, lineOf } from '../cluster/log.ts';
import type { VirtualProcess } from '../process.ts';
import type { World } from '../world.ts';
import { carries, clusterOf, type Relay } from './lodge.ts';

export interface Client {
  readonly purpose: Purpose;
  /** Asks nothing for minutes. */
  readonly isIdle: boolean;
  place: Place;
  /** What it was told last is safe, and by the primary of which term. */
  told: { readonly mark: LogMark; readonly term: number } | undefined;
}

type Place =
  | { readonly kind: 'away' }
  | { readonly kind: 'waiting'; readonly relay: Relay; readonly sinceMs: number }
  | { readonly kind: 'led'; readonly relay: Relay; readonly guide: Guide; readonly server: VirtualProcess };

const away: Place = { kind: 'away' };
/** As the real relay's limits (platform/src/relay/worker.ts). */
const holdMs = 10_000;
const restMs = 1_000;
/** A client gives a relay up that does not say anything for so long. */
const patienceMs = 15_000;
const againMsMax = 1_500;

export function createClients(): readonly Client[] {
  const kinds: readonly (readonly [Purpose, boolean])[] = [
    ['write', false],
    ['write', true],
    ['write', false],
    ['read', true],
  ];
  return kinds.map(([purpose, isIdle]) => ({ purpose, isIdle, place: away, told: undefined }));
}

/** One moment in the life of each. */
export function stepClients(world: World): void {
  for (const client of world.lodge.clients) step(world, client);
}

function step(world: World, client: Client): void {
  const { place } = client;
  if (place.kind === 'away') arrive(world, client);
  else if (place.kind === 'led') use(world, client, place);
  else {
    const waitedMs = world.agenda.now - place.sinceMs;
    if (isAwake(place.relay.process) && waitedMs < holdMs) attempt(world, client, place.relay);
    else if (waitedMs >= (isAwake(place.relay.process) ? holdMs : patienceMs)) leave(world, client, 'sent away');
  }
}

/** Whoever of the relays is awake takes the newcomer: they share the socket. */
function arrive(world: World, client: Client): void {
  const { lodge, agenda } = world;
  const open = [...lodge.relays.values()].filter(({ process }) => isAwake(process) && !process.terminating);
  const relay = open[lodge.rng.below(Math.max(1, open.length))];
  if (relay === undefined) return;
  client.place = { kind: 'waiting', relay, sinceMs: agenda.now };
  attempt(world, client, relay);
}

function attempt(world: World, client: Client, relay: Relay): void {
  const { agenda, lodge } = world;
  const node = choiceOf(world, relay, client.purpose);
  if (node === undefined) return void lodge.onMoment('held');
  const key = nodeKey(node);
  if (relay.watch.isSilent(key)) return void leave(world, client, 'sent away');
  const disk = diskOf(world, node);
  const server = disk?.server;
  const isOpen = server !== undefined && server.state !== 'exited' && server.started;
  if (!isOpen || !carries(world, relay, node.replica)) {
    relay.restsUntil.set(key, agenda.now + restMs);
    return void lodge.onMoment('try failed');
  }
  client.place = { kind: 'led', relay, guide: { node, term: relay.way.term }, server };
  relay.watch.heard(key, agenda.now);
  lodge.onMoment(`led to ${client.purpose}`);
  if (client.purpose === 'write') tellOf(world, client, relay, disk as Disk);
}

/** Whoever keeps the books hears who was led where, and whether what this client knows is there. */
function tellOf(world: World, client: Client, relay: Relay, disk: Disk): void {
  const { unit } = clusterOf(world) ?? { unit: '' };
  const { told } = client;
  const { term } = relay.way;
  const isLost = told !== undefined && disk.role === 'primary' && disk.term >= told.term && !holds(disk.log, told.mark);
  world.onFact({
    ...{ kind: 'led', unit, relay: relay.process.replica, replica: disk.replica, term },
    lacks: isLost ? told.mark : undefined,
  });
  if (isLost) client.told = undefined;
}

function use(world: World, client: Client, place: Extract<Place, { kind: 'led' }>): void {
  const { relay, guide } = place;
  const cluster = clusterOf(world);
  const disk = diskOf(world, guide.node);
  if (client.isIdle || cluster === undefined || disk === undefined) return;
  if (!isAwake(relay.process) || !isAtWork(disk) || !carries(world, relay, guide.node.replica)) return;
  // It cannot write there: it looks for the primary over a new connection.
  if (client.purpose === 'write' && disk.role !== 'primary') return void leave(world, client, 'left a standby');
  learn(client, cluster, disk);
}

/** Hears up to where all is safe. */
function learn(client: Client, { acknowledged }: ClusterWorld, disk: Disk): void {
  const line = lineOf(disk.log);
  const end = acknowledged.get(line);
  // One that was deposed tells it nothing that it would put before what it knows.
  if (client.purpose === 'read' || end === undefined || disk.term < (client.told?.term ?? 0)) return;
  client.told = { mark: { line, end }, term: disk.term };
}

function leave(world: World, client: Client, why: string): void {
  const { lodge, agenda } = world;
  client.place = away;
  lodge.onMoment(client.purpose === 'write' ? why : `reader ${why}`);
  agenda.after(50 + lodge.rng.below(againMsMax), () => {
    if (client.place.kind === 'away') step(world, client);
  });
}

/** Where a newcomer would be led. */
export function choiceOf({ agenda, lodge }: World, relay: Relay, purpose: Purpose): DatabaseNode | undefined {
  return choose(relay.way, purpose, {
    load: (node) => lodge.clients.filter(({ place }) => isAt(place, relay, node)).length,
    rests: (node) => (relay.restsUntil.get(nodeKey(node)) ?? 0) > agenda.now || relay.watch.isSilent(nodeKey(node)),
  });
}

function isAt(place: Place, relay: Relay, node: DatabaseNode): boolean {
  return place.kind === 'led' && place.relay === relay && isSameNode(place.guide.node, node);
}

/** The way has changed: whoever may not stay is cut, and those in line are tried for. */
export function onWay(world: World, relay: Relay): void {
  relay.restsUntil.clear();
  for (const client of world.lodge.clients) {
    const { place, purpose } = client;
    if (place.kind === 'away' || place.relay !== relay) continue;
    if (place.kind === 'waiting') attempt(world, client, relay);
    else if (!mayStay(relay.way, purpose, place.guide)) leave(world, client, 'cut');
  }
}

/** Nothing comes from that node any more. */
export function onSilent(world: World, relay: Relay, node: DatabaseNode): void {
  for (const client of world.lodge.clients) {
    const { place } = client;
    if (place.kind === 'waiting' && place.relay === relay) attempt(world, client, relay);
    else if (isAt(place, relay, node)) leave(world, client, 'cut for silence');
  }
}

/** A process is gone: whoever was with it notices at once, unless the news is lost on the wire. */
export function onProcessGone(world: World, process: VirtualProcess): void {
  for (const client of world.lodge.clients) {
    const { place } = client;
    if (place.kind === 'away') continue;
    const isRelay = place.relay.process === process;
    const isNode = place.kind === 'led' && place.server === process && carries(world, place.relay, process.replica);
    const cluster = clusterOf(world);
    const disk = isNode ? diskOf(world, place.guide.node) : undefined;
    // The last that it heard, before the silence.
    if (cluster && disk?.role === 'primary' && isAwake(place.relay.process)) learn(client, cluster, disk);
    if (isRelay || isNode) leave(world, client, isRelay ? 'severed' : 'node gone');
  }
}

export function diskOf(world: World, { replica }: DatabaseNode): Disk | undefined {
  return clusterOf(world)?.disks.find((disk) => disk.replica === replica);
}
