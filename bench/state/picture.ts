// What Hale says of its cluster. Its picture is redrawn four times a second (api/host.ts), so one that comes right after a stroke may be from
// before it: it shows a whole cluster, and the next stroke would hit one that lacks a node. Only a picture that was drawn later counts.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createSystemClock } from '@hale/base';
import type { ReplicaView, SystemView } from '@hale/model';
import type { TempSystem } from '../heartbeat/temp-system.ts';
import { isAlive } from './cage.ts';
import { until } from './contestant.ts';

const clock = createSystemClock();
const laterMs = 250;

export async function look(system: TempSystem): Promise<SystemView> {
  const file = join(system.runtimeDir, 'api.json');
  const { url, token } = JSON.parse(readFileSync(file, 'utf8')) as Record<string, string>;
  const answer = await fetch(`${url}/api/v1/system`, { headers: { authorization: `Bearer ${token}` } });
  return (await answer.json()) as SystemView;
}

export function nodesOf({ replicas }: SystemView): readonly ReplicaView[] {
  return replicas.filter(({ unit }) => unit === 'db');
}

export function primaryOf(view: SystemView): ReplicaView | undefined {
  return nodesOf(view).find(({ database }) => database === 'primary');
}

/** How many of them the kernel knows as well. */
export function countThere(view: SystemView): number {
  return nodesOf(view).filter(({ pid }) => pid !== undefined && isAlive(pid)).length;
}

/** Resolves once a picture that was drawn after this call shows all in order. */
export async function untilWhole(system: TempSystem, boundMs: number, what = 'the cluster to be whole'): Promise<void> {
  const drawnAfter = clock.mono() + laterMs;
  await until(what, boundMs, async () => {
    const view = await look(system);
    const db = view.units.find(({ unit }) => unit === 'db');
    const isWell = view.state === 'healthy' && db?.state === 'healthy' && primaryOf(view) !== undefined;
    return isWell && view.at.mono >= drawnAfter && countThere(view) === db.wanted;
  });
}
