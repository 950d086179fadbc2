// The rounds of the relays: once a second each counts whom it heard and asks the others (@hale/model/relay), says what is silent, and its guests go on
// with what they do. Also says what is truly so of each: whether nothing keeps it from leading to the primary, and whether it would.
import { type Asked, askMs, lookEveryMs, nodeKey, reachDefaults, silenceWords, type Watched } from '@hale/model/relay';
import { type ClusterWorld, type Disk, isAtWork, isAwake, primaryOf } from '../cluster/disk.ts';
import type { World } from '../world.ts';
import { choiceOf, diskOf, onSilent, stepClients } from './clients.ts';
import { carries, clusterOf, isLate, type Lodge, type Relay } from './lodge.ts';

const thawLookMs = 250;

export function keepRounds(world: World): void {
  const round = () => {
    for (const relay of world.lodge.relays.values()) if (isAwake(relay.process)) lookRound(world, relay);
    if (world.lodge.relays.size > 0) stepClients(world);
    testifyOfTable(world);
    for (const relay of world.lodge.relays.values()) testify(world, relay);
    world.agenda.after(lookEveryMs(reachDefaults), round);
  };
  world.agenda.after(lookEveryMs(reachDefaults), round);
}

function lookRound(world: World, relay: Relay): void {
  const { watch } = relay;
  const watched = watchedBy(world, relay);
  if (watched.length > 0 || !watch.isEmpty)
    for (const asked of watch.look(watched, (key) => leadsTo(relay, key), world.agenda.now)) ask(world, relay, asked);
  const silent = watch.silent.filter((node) => leadsTo(relay, nodeKey(node)));
  const trouble = silent.length === 0 ? undefined : silenceWords(silent.map(({ replica }) => replica));
  if (trouble === relay.trouble) return;
  world.lodge.onMoment(trouble === undefined ? 'heard again' : 'silent');
  relay.trouble = trouble;
  relay.process.dirty = true;
  world.stirred = true;
}

function leadsTo({ way }: Relay, key: string): boolean {
  return [way.primary, ...way.readers].some((node) => node !== undefined && nodeKey(node) === key);
}

function watchedBy(world: World, relay: Relay): readonly Watched[] {
  const watched: Watched[] = [];
  for (const { place, purpose, isIdle } of world.lodge.clients) {
    if (place.kind === 'away' || place.relay !== relay) continue;
    const node = place.kind === 'led' ? place.guide.node : choiceOf(world, relay, purpose);
    if (node === undefined) continue;
    const disk = place.kind === 'led' && !isIdle ? diskOf(world, node) : undefined;
    watched.push({ node, isHeard: disk !== undefined && isAtWork(disk) && carries(world, relay, node.replica) });
  }
  return watched;
}

/** A kernel answers at once, whatever becomes of its processes; over a cut wire nothing comes, and the ask ends after its time. */
function ask(world: World, relay: Relay, asked: Asked): void {
  const { agenda } = world;
  if (carries(world, relay, asked.node.replica)) relay.watch.answered(asked, true, agenda.now);
  else agenda.after(askMs(reachDefaults), () => endAsk(world, relay, asked));
}

function endAsk(world: World, relay: Relay, asked: Asked): void {
  const { agenda } = world;
  if (relay.process.state === 'exited') return;
  if (!isAwake(relay.process)) return void agenda.after(thawLookMs, () => endAsk(world, relay, asked));
  const isAnswered = carries(world, relay, asked.node.replica);
  if (!relay.watch.answered(asked, isAnswered, agenda.now)) return;
  // What came since the last look counts before anybody is cut.
  if (watchedBy(world, relay).some(({ node, isHeard }) => isHeard && nodeKey(node) === nodeKey(asked.node)))
    relay.watch.heard(nodeKey(asked.node), agenda.now);
  else onSilent(world, relay, asked.node);
}

/** Whoever accepts writes is named in the table, unless it cannot be written, or its server hears nothing. */
function testifyOfTable(world: World): void {
  const { lodge } = world;
  const cluster = clusterOf(world);
  if (cluster === undefined) return;
  const primary = primaryOf(cluster);
  const owes =
    primary?.server !== undefined && isAwake(primary.server) && !lodge.isFull && !isNamed(lodge, cluster, primary);
  if (owes || lodge.owed) world.onFact({ kind: 'table', unit: cluster.unit, names: !owes });
  lodge.owed = owes;
}

function isNamed({ table }: Lodge, { unit }: ClusterWorld, { replica, term }: Disk): boolean {
  const named = table?.databases?.find(({ name }) => name === unit);
  return named?.term === term && named.primary?.replica === replica;
}

/** Nothing keeps a relay from the primary: it runs, its wire carries, and the table names that primary. */
function testify(world: World, relay: Relay): void {
  const { lodge } = world;
  const cluster = clusterOf(world);
  const { process, watch, way } = relay;
  if (cluster === undefined || process.state === 'exited') return;
  const primary = primaryOf(cluster);
  const isOpen =
    primary !== undefined &&
    isAwake(process) &&
    !isLate(world, relay) &&
    isNamed(lodge, cluster, primary) &&
    carries(world, relay, primary.replica);
  const leads = isOpen && way.primary?.replica === primary.replica && !watch.isSilent(nodeKey(way.primary));
  const { incarnation, replica } = process;
  const owes = isOpen && !leads;
  if (owes || relay.owed)
    world.onFact({ kind: 'relay', unit: cluster.unit, relay: replica, incarnation, isOpen, leads });
  relay.owed = owes;
}
