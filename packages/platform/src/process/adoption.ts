// Coming home: who was started before this control was there is met again by the name tags on disk and the keeper's list, and put
// under observation as it is. Nobody is started and nobody is stopped.
import type { KeeperClient } from '../keeper/client.ts';
import { keyOf } from './fleet.ts';
import type { Launch } from './launcher.ts';
import type { ReplicaRecord } from './records.ts';
import { launchOf, type Starter } from './start-replica.ts';

/** Idempotent: whoever is watched already is only told to have ended when the keeper says so. */
export async function adopt(starter: Starter, keeper: KeeperClient): Promise<void> {
  const { fleet, ports } = starter;
  const known = new Map((await keeper.list()).map((process) => [process.key, process]));
  for (const record of fleet.records.all()) {
    const key = keyOf(record.replica, record.incarnation);
    const found = known.get(key);
    if (found === undefined) {
      if (fleet.get(record.incarnation) === undefined) fleet.records.remove(record.incarnation);
      else fleet.ended({ key, code: null, signal: null });
      continue;
    }
    ports.rest(record.port);
    if (fleet.get(record.incarnation) === undefined) {
      // A recipe that cannot be read any more (a secret that is gone, a release that fell off the shelf) must not hide a running process.
      const launch = await launchOf(starter, record).catch(() => bareLaunch(record, starter.root));
      fleet.watch({ record, launch, pid: found.pid });
    }
    if (found.state !== 'running') fleet.ended({ key, code: found.code, signal: found.signal });
  }
}

function bareLaunch(record: ReplicaRecord, root: string): Launch {
  return { argv: [], cwd: root, env: {}, listeners: [], port: record.port };
}
