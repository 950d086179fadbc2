// The birth certificate of a cluster: reads global/pg_control of a node that does not run, and says whose it is, on which
// timeline it was, and how it ended. It judges nothing and repairs nothing. A certificate whose seal is broken is refused, and
// so is one of a layout that it does not know: a wrong answer here could let the wrong node be promoted.
//
// Layout: src/include/catalog/pg_control.h. All that is read here lies in the first 64 bytes, which are the same from
// PostgreSQL 15 to 18; only the place of the checksum moved, and it is found by trying.
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { crc32c } from './crc32c.ts';
import { postgresError } from './errors.ts';

/** In the order of PostgreSQL's own enumeration. */
const states = [
  'starting up',
  'shut down',
  'shut down in recovery',
  'shutting down',
  'in crash recovery',
  'in archive recovery',
  'in production',
] as const;

export type ControlState = (typeof states)[number];

export interface ControlFile {
  /** A 64-bit number in decimal, as `pg_control_system()` prints it. */
  readonly systemIdentifier: string;
  /** Of the latest checkpoint. A standby may have replayed further, and a killed primary may have written further. */
  readonly timeline: number;
  /** Where replay would begin: '0/3000028'. */
  readonly redoLsn: string;
  readonly state: ControlState;
}

/** pg_control_version of PostgreSQL 13 to 16, of 17, and of 18. */
const knownVersions: ReadonlySet<number> = new Set([1300, 1700, 1800]);
const [crcFrom, crcTo] = [200, 400];

/** Throws HALE_PLATFORM_POSTGRES_CONTROL_FILE (missing, damaged), _CONTROL_VERSION (a layout that is not known). */
export async function readControlFile(pgdata: string): Promise<ControlFile> {
  const path = join(pgdata, 'global', 'pg_control');
  const bytes = await readFile(path).catch((cause: unknown) => {
    throw postgresError('HALE_PLATFORM_POSTGRES_CONTROL_FILE', `${path} cannot be read`, { cause });
  });
  return parseControlFile(bytes, path);
}

/** The same for bytes that came from elsewhere; `name` is for the error. */
export function parseControlFile(bytes: Buffer, name: string): ControlFile {
  const damaged = (why: string) => postgresError('HALE_PLATFORM_POSTGRES_CONTROL_FILE', `${name} is damaged: ${why}`);
  if (bytes.length < crcFrom) throw damaged(`it has ${bytes.length} bytes`);
  const version = bytes.readUInt32LE(8);
  const sealed = hasValidCrc(bytes);
  if (!knownVersions.has(version)) {
    if (!sealed && !knownVersions.has(bytes.readUInt32BE(8))) throw damaged('neither version nor checksum is right');
    throw postgresError(
      'HALE_PLATFORM_POSTGRES_CONTROL_VERSION',
      `${name} has a layout that is not known here (pg_control version ${version})`,
    );
  }
  if (!sealed) throw damaged('its checksum is wrong');
  const state = states[bytes.readInt32LE(16)];
  if (state === undefined) throw damaged(`state ${bytes.readInt32LE(16)} does not exist`);
  return {
    systemIdentifier: String(bytes.readBigUInt64LE(0)),
    state,
    redoLsn: lsnText(bytes.readBigUInt64LE(40)),
    timeline: bytes.readUInt32LE(48),
  };
}

/** False also for a file that was read while the server wrote it. */
export function hasValidCrc(bytes: Buffer): boolean {
  for (let at = crcFrom; at <= crcTo && at + 4 <= bytes.length; at += 4) {
    if (bytes.readUInt32LE(at) === crc32c(bytes.subarray(0, at))) return true;
  }
  return false;
}

function lsnText(lsn: bigint): string {
  return `${(lsn >> 32n).toString(16)}/${(lsn & 0xffffffffn).toString(16)}`.toUpperCase();
}
