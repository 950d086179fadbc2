// The sign on the door: who is at work in a vault hangs one up before it looks at anything, and then looks who else has one. Backups
// may work side by side; a clean-up works alone, because what it throws away a backup might just lean on, or a restore be reading. Two
// who hang up their signs at once both see the other's, and both go: no chunk is lost to a race. A restore is held up by nobody, and
// goes on where it may hang up nothing.
import { randomBytes } from 'node:crypto';
import { readFileSync, readlinkSync } from 'node:fs';
import { hostname } from 'node:os';
import type { Clock } from '@hale/base';
import { getWhole, listAll, type StoredObject } from '@hale/ports';
import { identify } from '../keeper/proc-identity.ts';
import { backupError } from './errors.ts';
import type { Vault } from './vault.ts';

export interface Mark {
  readonly kind: 'backup' | 'prune' | 'restore';
  readonly name: string;
  readonly clock: Clock;
  /** Whether the signs of others are passed over: of those who were killed. */
  readonly force?: boolean;
}

/** One that nobody else has: two signs of one name would be one sign, and the first to go would take down both. */
export function makeMarkName(clock: Clock): string {
  return `${Math.floor(clock.wall())}-${randomBytes(3).toString('hex')}`;
}

/** A sign that is older was left by one who was killed: whoever works for longer hangs up a fresh one now and then. */
export const markStaleMs = 86_400_000;
const markFreshMs = markStaleMs / 8;

/** The signs of this process that stand for something: a store that breaks keeps the others. */
const atWork = new Set<string>();

/** Does `work` under a sign. Throws HALE_PLATFORM_BACKUP_BUSY. */
export async function withMark<T>(vault: Vault, mark: Mark, work: () => Promise<T>): Promise<T> {
  const key = `running/${mark.kind}-${mark.name}`;
  const sign = createSign(vault, mark, key);
  try {
    await sign.hang();
    const other = mark.force === true ? undefined : await inTheWay(vault, mark, key);
    if (other === undefined) return await work();
    throw backupError(
      'HALE_PLATFORM_BACKUP_BUSY',
      `${other.replace('running/', '').replace('-', ' ')} is at work in ${vault.store.url}`,
      { retriable: true },
    );
  } finally {
    await sign.takeDown();
  }
}

interface Sign {
  hang(): Promise<void>;
  takeDown(): Promise<void>;
}

/** An object is never written over, so a fresh sign is another one, and hangs before the old one goes. */
function createSign({ store }: Vault, { kind, clock }: Mark, first: string): Sign {
  const body: MarkBody = { pid: process.pid, started: startOf(process.pid), ...here(), since: clock.wall() };
  let key = first;
  let count = 0;
  let renewing = Promise.resolve();
  const put = async (name: string) => {
    atWork.add(`${store.url}/${name}`);
    await store.putIfAbsent(name, Buffer.from(JSON.stringify(body)));
  };
  // One that cannot be taken away now is taken away by the next one who comes by.
  const remove = async (name: string) => {
    atWork.delete(`${store.url}/${name}`);
    await store.delete(name).catch(() => {});
  };
  const renew = async () => {
    const next = `${first}.${++count}`;
    await put(next);
    const old = key;
    key = next;
    await remove(old);
  };
  // A store that is down for one of them hears the next, long before the sign is stale.
  const timer = clock.every(markFreshMs, () => {
    renewing = renewing.then(renew).catch(() => {});
  });
  return {
    hang: () =>
      put(first).catch((error: unknown) => {
        if (kind !== 'restore') throw error;
      }),
    async takeDown() {
      timer.cancel();
      await renewing;
      await remove(key);
    },
  };
}

async function inTheWay(vault: Vault, { kind, clock }: Mark, own: string): Promise<string | undefined> {
  if (kind === 'restore') return undefined;
  const signs: StoredObject[] = [];
  for await (const sign of listAll(vault.store, 'running/')) signs.push(sign);
  // By the clock that dated the others, which need not be ours: a sign is not old because this machine's clock is wrong.
  const now = signs.find(({ key }) => key === own)?.storedAt ?? clock.wall();
  for (const { key, storedAt } of signs) {
    if (key === own || now - storedAt > markStaleMs) continue;
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
  /** Whose numbers of processes these are: containers of one machine may each have their own. Earlier releases did not say. */
  readonly space?: string;
  readonly since: number;
}

/** Certain only of what this very machine did since it was started; of others, a day must pass. */
async function isOfTheDead(vault: Vault, key: string): Promise<boolean> {
  const body = await getWhole(vault.store, key);
  if (body === undefined) return true;
  try {
    const sign = JSON.parse(Buffer.from(body).toString()) as MarkBody;
    const { pid, started = '', host, boot = '', space = here().space } = sign;
    const isHere = boot !== '' && boot === here().boot && host === here().host && space === here().space;
    if (!isHere || started === '') return false;
    const lives = startOf(pid) === started;
    return pid === process.pid && lives ? !atWork.has(`${vault.store.url}/${key}`) : !lives;
  } catch {
    return false;
  }
}

function startOf(pid: number): string {
  const found = identify(pid);
  return found === undefined || found.state === 'Z' ? '' : found.startTime;
}

function here(): { readonly host: string; readonly boot: string; readonly space: string } {
  try {
    const boot = readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
    return { host: hostname(), boot, space: readlinkSync('/proc/self/ns/pid') };
  } catch {
    return { host: hostname(), boot: '', space: '' };
  }
}
