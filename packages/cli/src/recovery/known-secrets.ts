// The values that must never lie in the house, and the names that somebody must bring along instead (INV-12): what secret() names,
// what .hale/secrets.env holds, the passwords of Hale's own databases, and the keys of the backups.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseEnv } from 'node:util';
import type { EnvValue, SystemSpec } from '@hale/model';
import { databasePasswords } from '@hale/platform/postgres';
import type { Host } from '../host.ts';
import { stateFolderOf } from '../system/folder.ts';

export function knownSecrets(spec: SystemSpec, env: Host['env']): readonly string[] {
  const state = stateFolderOf(spec.root);
  const references = referencesOf(spec).filter((one) => one.kind === 'secret');
  const values: readonly (string | undefined)[] = [
    ...Object.values(parseEnv(readText(join(state, 'secrets.env')))),
    ...references.map(({ name }) => env[name]),
    ...Object.values(spec.resources).map(({ url }) => url && env[url.name]),
    ...Object.values(spec.backups ?? {}).map(({ encrypt }) => encrypt && env[encrypt.name]),
    ...Object.keys(spec.resources).flatMap((name) => databasePasswords(spec.root, name)),
  ];
  return values.filter((value) => value !== undefined).filter((value) => value !== '');
}

/** What must be in the environment, or in .hale/secrets.env, before the system can start elsewhere. */
export function secretNamesOf(spec: SystemSpec): readonly string[] {
  const needed = referencesOf(spec).filter((one) => one.kind === 'secret' || one.fallback === undefined);
  return [...new Set(needed.map(({ name }) => name))].sort();
}

function referencesOf(spec: SystemSpec): readonly Exclude<EnvValue, { kind: 'text' }>[] {
  const ofServices = Object.values(spec.services).flatMap(({ env }) => Object.values(env));
  const ofServers = Object.values(spec.resources).flatMap(({ url }) => (url === undefined ? [] : [url]));
  return [...ofServices, ...ofServers].flatMap((value) => (value.kind === 'text' ? [] : [value]));
}

function readText(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return '';
  }
}
