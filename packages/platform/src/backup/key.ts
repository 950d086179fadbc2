// The key of the vault: 32 bytes, as 64 hexadecimal digits, from the environment or a file. Hale keeps no copy: who loses it loses
// every backup, and says so nowhere but here and in the guide.
import { readFile } from 'node:fs/promises';
import { backupError } from './errors.ts';

export type KeySource =
  | { readonly kind: 'env'; readonly name: string }
  | { readonly kind: 'file'; readonly path: string };

/** Throws HALE_PLATFORM_BACKUP_KEY_MISSING, _KEY_SHAPE. The key itself is in no message (INV-12). */
export async function readKey(
  source: KeySource,
  env: Readonly<Record<string, string | undefined>>,
): Promise<Uint8Array> {
  const where = source.kind === 'env' ? `the variable ${source.name}` : source.path;
  const text = source.kind === 'env' ? env[source.name] : await readFile(source.path, 'utf8').catch(() => undefined);
  if (text === undefined || text.trim() === '') {
    throw backupError('HALE_PLATFORM_BACKUP_KEY_MISSING', `${where} holds no key`);
  }
  if (!/^[0-9a-fA-F]{64}$/.test(text.trim())) {
    throw backupError('HALE_PLATFORM_BACKUP_KEY_SHAPE', `what is in ${where} is no key of 64 hexadecimal digits`);
  }
  return Buffer.from(text.trim(), 'hex');
}
