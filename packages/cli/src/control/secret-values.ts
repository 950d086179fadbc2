// Collects the values that nobody may read, for one purpose: so that control can black them out wherever a program has said
// them aloud (INV-12). What secret() names always; what comes by env() or from a file of variables unless it is plainly no
// secret; the passwords of Hale's own databases. They stay in memory.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseEnv } from 'node:util';
import { isSecretName, type ServiceSpec, type SystemSpec } from '@hale/model';
import { databasePasswords } from '@hale/platform/postgres';

type Env = Readonly<Record<string, string | undefined>>;
type Named = readonly [name: string, value: string | undefined];

/** What lets somebody into a store of backups. */
const storeKeys = [
  'AWS_SECRET_ACCESS_KEY',
  'AWS_SESSION_TOKEN',
  'AZURE_STORAGE_CONNECTION_STRING',
  'AZURE_STORAGE_KEY',
];

/** Values that `spec` hands to its programs and that must not be repeated; a value within a URL (its password) besides. */
export function secretValuesOf(spec: SystemSpec, { root, env }: { root: string; env: Env }): string[] {
  const services = Object.values(spec.services);
  const sure = [
    ...Object.values(readVariables(join(root, '.hale', 'secrets.env'))),
    ...services.flatMap((service) =>
      Object.values(service.env).flatMap((value) => (value.kind === 'secret' ? [env[value.name]] : [])),
    ),
    ...Object.values(spec.backups ?? {}).map(({ encrypt }) => (encrypt === undefined ? undefined : env[encrypt.name])),
    ...storeKeys.map((name) => env[name]),
    ...Object.values(spec.resources).flatMap(({ url }) => (url === undefined ? [] : [env[url.name]])),
    ...Object.keys(spec.resources).flatMap((name) => databasePasswords(root, name)),
  ];
  const doubtful = services.flatMap((service) => variablesOf(service, env)).filter(isHidden);
  const values = [...sure, ...doubtful.map(([, value]) => value)].filter((value) => value !== undefined);
  return values.flatMap((value) => [value, ...passwordIn(value)]);
}

function variablesOf(service: ServiceSpec, env: Env): Named[] {
  const declared = Object.entries(service.env).flatMap(([name, value]): Named[] => {
    if (value.kind === 'env') return [[isSecretName(value.name) ? value.name : name, env[value.name]]];
    return value.kind === 'text' && isSecretName(name) ? [[name, value.text]] : [];
  });
  const file = service.envFile === undefined ? {} : readVariables(service.envFile);
  return [...declared, ...Object.entries(file)];
}

const guessedLengthMin = 8;
/** A word, a number, an address, a path, a URL without a password: striking these out would hide more than it protects. */
const plain = /^(?:[a-z]+|[\d.,:_-]+|[\w.-]+:\d+|\.{0,2}\/\S*|[a-z][a-z\d+.-]*:\/\/[^@\s]*)$/i;

function isHidden([name, value = '']: Named): boolean {
  return isSecretName(name) || (value.length >= guessedLengthMin && !plain.test(value));
}

function passwordIn(value: string): string[] {
  const found = /^[a-z][a-z\d+.-]*:\/\/[^\s:@/]*:([^\s@]+)@/i.exec(value)?.[1];
  return found === undefined ? [] : [found];
}

function readVariables(file: string): Record<string, string | undefined> {
  return parseEnv(readText(file));
}

/** '' where there is none: whether it must be there is for the spawn to say, which names what is missing. */
function readText(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return '';
  }
}
