// Whose hands hold the engine: PostgreSQL refuses to run as root. An ordinary user runs it as itself. Root puts on a mask: in a
// user namespace the process is somebody else by name, while its files stay root's, so even a folder of mode 0700 works. Where
// namespaces are forbidden, root hands it to an unprivileged user, who must be able to reach program and data.
import { execFile } from 'node:child_process';
import { readFile, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { promisify } from 'node:util';
import { postgresError } from './errors.ts';

const run = promisify(execFile);
const probeTimeoutMs = 5_000;

export type RunAs =
  | { readonly kind: 'self' }
  /** `prefix` goes before the program and replaces itself by it: same pid, no process between. */
  | { readonly kind: 'namespace'; readonly prefix: readonly string[] }
  | { readonly kind: 'user'; readonly uid: number; readonly gid: number; readonly name: string };

interface Account {
  readonly name: string;
  readonly uid: number;
  readonly gid: number;
}

let known: Promise<RunAs> | undefined;

/** Finds out once what works on this machine. Throws HALE_PLATFORM_POSTGRES_ROOT. */
export function findRunAs(): Promise<RunAs> {
  known ??= look().catch((error: unknown) => {
    known = undefined;
    throw error;
  });
  return known;
}

/** The command line that runs `argv` so. */
export function dressed(runAs: RunAs, argv: readonly string[]): readonly string[] {
  return runAs.kind === 'namespace' ? [...runAs.prefix, ...argv] : argv;
}

/** What spawn needs besides the command line. */
export function identityOf(runAs: RunAs): { uid?: number; gid?: number } {
  return runAs.kind === 'user' ? { uid: runAs.uid, gid: runAs.gid } : {};
}

async function look(): Promise<RunAs> {
  if (process.getuid?.() !== 0) return { kind: 'self' };
  const account = pickAccount(await readFile('/etc/passwd', 'utf8').catch(() => ''));
  // initdb looks its user up by name, so the mask must be of somebody who has one.
  if (account === undefined) {
    throw postgresError(
      'HALE_PLATFORM_POSTGRES_ROOT',
      'PostgreSQL refuses to run as root, and /etc/passwd names nobody else',
    );
  }
  const { uid, gid, name } = account;
  const prefix = ['unshare', '--user', `--map-user=${uid}`, `--map-group=${gid}`, '--'];
  return (await works(prefix)) ? { kind: 'namespace', prefix } : { kind: 'user', uid, gid, name };
}

async function works(prefix: readonly string[]): Promise<boolean> {
  const [program = '', ...args] = prefix;
  try {
    const { stdout } = await run(program, [...args, 'id', '-u'], { timeout: probeTimeoutMs });
    return stdout.trim() !== '0';
  } catch {
    return false;
  }
}

/** 'postgres' where there is one, else 'nobody', else the first that is not root. */
export function pickAccount(passwd: string): Account | undefined {
  const accounts = passwd
    .split('\n')
    .map((line) => line.split(':'))
    .map(([name = '', , uid, gid]) => ({ name, uid: Number(uid), gid: Number(gid) }))
    .filter(({ name, uid, gid }) => name !== '' && uid > 0 && gid > 0);
  const named = (name: string) => accounts.find((account) => account.name === name);
  return named('postgres') ?? named('nobody') ?? accounts[0];
}

/** The first folder on the way to `path` that `runAs` may not enter; undefined when the way is free. */
export async function blockedAt(runAs: RunAs, path: string): Promise<string | undefined> {
  if (runAs.kind !== 'user') return undefined;
  for (let folder = dirname(path); ; folder = dirname(folder)) {
    const { mode, uid, gid } = await stat(folder);
    const bit = uid === runAs.uid ? 0o100 : gid === runAs.gid ? 0o010 : 0o001;
    if ((mode & bit) === 0) return folder;
    if (folder === dirname(folder)) return undefined;
  }
}
