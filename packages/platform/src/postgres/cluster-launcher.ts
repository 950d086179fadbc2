// The recipe for one node of a database cluster. It follows nobody when it starts: whom it follows, and when it is the primary, is
// ordered once it runs (node-orders.ts), because who may acknowledge is written down before it can.

import { accessSync } from 'node:fs';
import { access } from 'node:fs/promises';
import { join } from 'node:path';
import { createSystemClock } from '@hale/base';
import type { PostgresSpec } from '@hale/model';
import { acknowledgersDefault, backupOf, nodesOf } from '@hale/model';
import { receiverName, receiverVoices } from '../backup/steward/receiver-name.ts';
import type { CheckResult, Launch, LaunchContext } from '../process/launcher.ts';
import { assertPortFree, homeOf, portOf } from './address.ts';
import { readBadge } from './badge.ts';
import { isFull, reasonOf } from './connection.ts';
import { readPassword } from './data-folder.ts';
import { roomOf } from './disk-room.ts';
import { postgresError } from './errors.ts';
import { prepareNode } from './node-folder.ts';
import { createNodeLink } from './node-link.ts';
import { type ClusterNode, copyNames, obey } from './node-orders.ts';
import { nodePlace } from './node-place.ts';
import { tendSlots } from './node-slots.ts';
import { onceMadeFile } from './once-made.ts';
import { reachableBinaries, reachableHome } from './place.ts';
import { reservedConnections } from './reserved.ts';
import { dressed, identityOf, type RunAs } from './run-as.ts';
import { clusterArguments, serverArguments } from './settings.ts';
import { clearStrays } from './strays.ts';

export async function launchNode(runAs: RunAs, context: LaunchContext, resource: PostgresSpec): Promise<Launch> {
  const binaries = await reachableBinaries(runAs, resource.bin);
  const home = await reachableHome(runAs, homeOf(context.root, context.unit));
  const place = nodePlace(home, context.ordinal);
  const { pgdata } = place;
  const port = await portOf(home, undefined, place.portName);
  const clock = createSystemClock();
  const nodes = 1 + (resource.standbys ?? 0);
  const badge = () => readBadge(place.badge);
  const link = createNodeLink({
    ...{ port, badge, clock },
    password: () => readPassword(home),
    guess: () => (existsNow(join(pgdata, 'standby.signal')) ? 'standby' : 'primary'),
    copies: () => ({
      names: copyNames({ unit: context.unit, nodes, place }, badge().term),
      needed: acknowledgersDefault,
    }),
    room: () => roomOf(pgdata),
  });
  const node: ClusterNode = {
    unit: context.unit,
    nodes,
    all: nodesOf(resource, context.spec.regions),
    acknowledgers: acknowledgersDefault,
    ...(backupOf(context.spec, context.unit)?.synchronous === true && {
      receiver: {
        name: receiverName,
        voices: receiverVoices(resource.standbys ?? 0, acknowledgersDefault),
      },
    }),
    home,
    note: onceMadeFile(context.root, context.unit),
    port,
    place,
    runAs,
    link,
    clock,
  };
  const name = `${context.spec.name}-${context.replica.replace('/', '-')}`;
  return {
    argv: dressed(runAs, [
      binaries.postgres,
      ...serverArguments({ pgdata, port, socketFolder: undefined, name, reserved: reservedConnections(pgdata) }),
      ...clusterArguments,
    ]),
    cwd: home,
    env: {},
    listeners: [],
    port,
    ...identityOf(runAs),
    stopSignal: 'SIGINT',
    async prepare() {
      const { database, replica } = context;
      if (database === undefined)
        throw postgresError('HALE_PLATFORM_POSTGRES_TERM', `${replica} was ordered to start without a term`);
      if (
        await access(pgdata).then(
          () => true,
          () => false,
        )
      )
        await clearStrays(pgdata);
      await assertPortFree(port);
      await prepareNode(node, { replica, database, name: resource.database, engine: { binaries, runAs } });
    },
    check: (signal) => checkNode(node, resource.database, signal),
    order: (command) => obey(node, command),
    database: () => link.state(),
    close: () => link.close(),
  };
}

async function checkNode(node: ClusterNode, database: string, signal: AbortSignal): Promise<CheckResult> {
  const { promise: aborted, resolve } = Promise.withResolvers<CheckResult>();
  signal.addEventListener('abort', () => resolve({ kind: 'fail', reason: 'no answer in time' }), { once: true });
  const examine = async (): Promise<CheckResult> => {
    try {
      const { role, disk } = await node.link.look();
      if (disk === 'gone') return { kind: 'fail', reason: `its data folder is gone: ${node.place.pgdata}` };
      await tendSlots(node, role, database);
      return { kind: 'pass' };
    } catch (error) {
      return isFull(error) ? { kind: 'pass' } : { kind: 'fail', reason: reasonOf(error) };
    }
  };
  return Promise.race([examine(), aborted]);
}

function existsNow(path: string): boolean {
  try {
    accessSync(path);
    return true;
  } catch {
    return false;
  }
}
