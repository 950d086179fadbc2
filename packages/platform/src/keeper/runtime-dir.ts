// The little room in /tmp where sockets and short-lived files lie: short, because a socket's path ends at 107 bytes, and
// locked, because /tmp belongs to everybody. A folder that somebody else prepared, or a link, is refused.
import { chmodSync, lstatSync, mkdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { platformError } from '../errors.ts';

/** Of the longest socket that Hale puts there (PostgreSQL's, in a folder of its own). */
const longestNameBytes = 32;
const socketPathBytesMax = 107;

/** Makes (0700) and checks the runtime folder of a system. Throws HALE_PLATFORM_RUNTIME_DIR_UNSAFE or _LONG. */
export function runtimeDirOf(
  systemId: string,
  env: Readonly<Record<string, string | undefined>> = process.env,
): string {
  const given = env['HALE_RUNTIME_DIR'];
  const uid = process.getuid?.() ?? 0;
  const path = given !== undefined && given !== '' ? given : join('/tmp', `hale-${uid}`, systemId.slice(0, 8));
  if (Buffer.byteLength(path) + longestNameBytes > socketPathBytesMax)
    throw platformError('HALE_PLATFORM_RUNTIME_DIR_LONG', `the runtime folder ${path} is too long for sockets in it`);
  if (given === undefined || given === '') makeOwn(dirname(path), uid);
  makeOwn(path, uid);
  return path;
}

function makeOwn(path: string, uid: number): void {
  mkdirSync(path, { recursive: true, mode: 0o700 });
  const found = lstatSync(path);
  if (!found.isDirectory() || found.uid !== uid)
    throw platformError('HALE_PLATFORM_RUNTIME_DIR_UNSAFE', `${path} is not a folder of this user`);
  if ((found.mode & 0o077) !== 0) chmodSync(path, 0o700);
}
