// The key of the vault: 32 bytes, as 64 hexadecimal digits. Hale keeps no copy: who loses it loses every backup, and only the guide
// says so beforehand.
import { backupError } from './errors.ts';

/** Throws HALE_PLATFORM_BACKUP_KEY_SHAPE. The key itself is in no message (INV-12). */
export function parseKey(text: string, where: string): Uint8Array {
  if (/^[0-9a-fA-F]{64}$/.test(text.trim())) return Buffer.from(text.trim(), 'hex');
  throw backupError('HALE_PLATFORM_BACKUP_KEY_SHAPE', `what is in ${where} is no key of 64 hexadecimal digits`);
}
