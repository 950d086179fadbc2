// The sign on the door: who is at work in a vault hangs one up before it looks at anything, and then looks who else has one. Backups
// may work side by side; a clean-up works alone, because what it throws away a backup might just lean on. Two who hang up their
// signs at once both see the other's, and both go: no chunk is lost to a race.

import { readFileSync } from 'node:fs';
import { hostname } from 'node:os';
import type { Clock } from '@hale/base';
import { getWhole, listAll } from '@hale/ports';
import { identify } from '../keeper/proc-identity.ts';
import { backupError } from './errors.ts';
import type { Vault } from './vault.ts';

export interface Mark {
  readonly kind: 'backup' | 'prune';
  readonly name: string;
  readonly clock: Clock;
  /** Whether the signs of others are passed over: of those who were killed. */
  readonly force?: boolean;
}

/** A sign that is older was left by one who was killed. */
export const markStaleMs = 86_400_000;

/** Does `work` under a sign. Throws HALE_PLATFORM_BACKUP_BUSY. */
export async function withMark<T>(vault: Vault, mark: Mark, work: () => Promise<T>): Promise<T> {
  const key = `running/${mark.kind}-${mark.name}`;
  const body: MarkBody = { pid: process.pid, started: startOf(process.pid), ...here(), since: mark.clock.wall() };
  await vault.store.putIfAbsent(key, Buffer.from(JSON.stringify(body)));
  try {
    const other = mark.force === true ? undefined : await inTheWay(vault, mark, key);
    if (other !== undefined) {
      throw backupError(
        'HALE_PLATFORM_BACKUP_BUSY',
        `${other.replace('running/', '').replace('-', ' ')} is at work in ${vault.store.url}`,
        {
          retriable: true,
        },
      );
    }
    return await work();
  } finally {
    // One that cannot be taken away now is stale tomorrow.
    await vault.store.delete(key).catch(() => {});
  }
}

async function inTheWay(vault: Vault, { kind, clock }: Mark, own: string): Promise<string | undefined> {
  for await (const { key, storedAt } of listAll(vault.store, 'running/')) {
    if (key === own || clock.wall() - storedAt > markStaleMs) continue;
    if (kind !== 'prune' && !key.startsWith('running/prune-')) continue;
    if (!(await isOfTheDead(vault, key))) return key;
    await vault.store.delete(key).catch(() => {});
  }
  return undefined;
}

interface MarkBody {
  readonly pid: number;
  /** When the process began, as the kernel counts; '' where it does not say. */
  readonly started?: string;
  readonly host: string;
  /** One start of one machine; '' where it is not known. */
  readonly boot?: string;
  readonly since: number;
}

/** Certain only of a process of this very machine; of others, a day must pass. */
async function isOfTheDead(vault: Vault, key: string): Promise<boolean> {
  const body = await getWhole(vault.store, key);
  if (body === undefined) return true;
  try {
    const { pid, started = '', host, boot = '' } = JSON.parse(Buffer.from(body).toString()) as MarkBody;
    const isHere = boot !== '' && boot === here().boot && host === here().host;
    return isHere && started !== '' && startOf(pid) !== started;
  } catch {
    return false;
  }
}

function startOf(pid: number): string {
  const found = identify(pid);
  return found === undefined || found.state === 'Z' ? '' : found.startTime;
}

function here(): { readonly host: string; readonly boot: string } {
  try {
    return { host: hostname(), boot: readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim() };
  } catch {
    return { host: hostname(), boot: '' };
  }
}
