// A system of the bench's own in a temporary folder: started by the real command, measured, and taken down whatever happens.
import { execFile } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { runtimeDirOf } from '@hale/platform/process';

export const repository = dirname(dirname(dirname(fileURLToPath(import.meta.url))));
const bin = join(repository, 'packages/cli/bin/hale.mjs');
const run = promisify(execFile);

export interface TempSystem {
  readonly folder: string;
  readonly id: string;
  readonly runtimeDir: string;
  close(): Promise<void>;
}

/** Runs `hale ...args` in `folder` and gives what it printed. Rejects when it leaves with another code than 0. */
export async function typeHale(folder: string, ...args: readonly string[]): Promise<string> {
  return (await run(process.execPath, [bin, ...args], { cwd: folder, maxBuffer: 64e6 })).stdout;
}

/** What is done to its folder before the first start, and after the last process has gone. */
export interface FolderCare {
  before(folder: string): Promise<void>;
  after(): Promise<void>;
}

/** Writes `files` (paths to texts) and starts what hale.config.ts among them declares; resolves when it is healthy. */
export async function startTempSystem(
  files: Readonly<Record<string, string>>,
  care: FolderCare = { before: async () => {}, after: async () => {} },
): Promise<TempSystem> {
  const folder = mkdtempSync(join(tmpdir(), 'hale-bench-'));
  mkdirSync(join(folder, 'node_modules'));
  symlinkSync(join(repository, 'packages/cli'), join(folder, 'node_modules/hale'));
  for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text);
  const close = async () => {
    await typeHale(folder, 'down').catch(() => undefined);
    await care.after();
    rmSync(folder, { recursive: true, force: true });
  };
  try {
    await care.before(folder);
    await typeHale(folder, 'up', '--detach', '--wait');
    const { id } = JSON.parse(readFileSync(join(folder, '.hale/system.json'), 'utf8')) as { id: string };
    return { folder, id, runtimeDir: runtimeDirOf(id), close };
  } catch (error) {
    await close();
    throw error;
  }
}
