// The note on the door: where control answers and with which token, for the owner's eyes only (0600). The token stays the same
// for the life of the runtime folder, so that a page that is open survives a new control.
import { randomBytes } from 'node:crypto';
import { readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

interface ApiFile {
  readonly url: string;
  readonly token: string;
}

const fileOf = (runtimeDir: string) => join(runtimeDir, 'api.json');

/** The token of before, or a new one. */
export function keptToken(runtimeDir: string): string {
  try {
    const { token } = JSON.parse(readFileSync(fileOf(runtimeDir), 'utf8')) as Partial<ApiFile>;
    if (token !== undefined && /^[\w-]{40,}$/.test(token)) return token;
  } catch {
    // none yet, or not ours to read: a new one
  }
  return randomBytes(32).toString('base64url');
}

export function writeApiFile(runtimeDir: string, api: ApiFile): void {
  const file = fileOf(runtimeDir);
  writeFileSync(`${file}.new`, JSON.stringify(api), { mode: 0o600 });
  renameSync(`${file}.new`, file);
}
