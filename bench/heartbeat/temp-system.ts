// A system of the bench's own in a temporary folder: started by the real command, measured, and taken down whatever happens.
import { execFile } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const repository = dirname(dirname(dirname(fileURLToPath(import.meta.url))));
const hale = join(repository, 'packages/cli/bin/hale.mjs');
const run = promisify(execFile);

export interface TempSystem {
  readonly folder: string;
  /** Runs `hale ...args` in the folder; gives what it printed. */
  hale(...args: readonly string[]): Promise<string>;
  close(): Promise<void>;
}

/** Writes `files` (paths to texts) and starts what hale.config.ts among them declares; resolves when it is healthy. */
export async function startTempSystem(files: Readonly<Record<string, string>>): Promise<TempSystem> {
  const folder = mkdtempSync(join(tmpdir(), 'hale-bench-'));
  mkdirSync(join(folder, 'node_modules'));
  symlinkSync(join(repository, 'packages/cli'), join(folder, 'node_modules/hale'));
  for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text);
  const call = async (...args: readonly string[]) =>
    (await run(process.execPath, [hale, ...args], { cwd: folder, maxBuffer: 64e6 })).stdout;
  const close = async () => {
    await call('down').catch(() => undefined);
    rmSync(folder, { recursive: true, force: true });
  };
  try {
    await call('up', '--detach', '--wait');
    return { folder, hale: call, close };
  } catch (error) {
    await close();
    throw error;
  }
}
