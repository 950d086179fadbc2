// compose.yaml: services that are built here become services, a postgres image becomes postgres(), and every other image is
// listed: Hale runs the programs of this machine, not containers. Reads the file only; needs no Docker.
import { readFileSync } from 'node:fs';
import { join, posix } from 'node:path';
import { parse } from 'yaml';
import { composeEnvironment, type Neighbour, sortComposeEnvironment } from './compose-environment.ts';
import { composeReady, durationText } from './compose-health.ts';
import { composeProgram } from './compose-program.ts';
import {
  draftName,
  emptyHarvest,
  firstFile,
  type Harvest,
  isRecord,
  type ResourceDraft,
  type ServiceDraft,
  type Unmapped,
} from './draft.ts';
import { listeningOf } from './listening.ts';
import { firstLine } from './workspaces.ts';

export type Entry = Readonly<Record<string, unknown>>;
export type Miss = (what: string, why: string) => void;

export function harvestCompose(root: string): Harvest {
  const file = firstFile(root, ['compose.yaml', 'compose.yml', 'docker-compose.yml', 'docker-compose.yaml']);
  if (file === undefined) return emptyHarvest;
  let value: unknown;
  try {
    value = parse(readFileSync(join(root, file), 'utf8'), { merge: true });
  } catch (error) {
    return {
      ...emptyHarvest,
      unmapped: [{ what: 'all of it', from: file, why: `it is not YAML: ${firstLine(error)}` }],
    };
  }
  const entries = Object.entries(isRecord(value) && isRecord(value['services']) ? value['services'] : {}).filter(
    (pair): pair is [string, Entry] => isRecord(pair[1]),
  );
  const reading = new ComposeReading(root, file, entries);
  for (const [name, entry] of entries) reading.read(name, entry);
  for (const key of ['configs', 'secrets', 'include', 'extends']) {
    if (isRecord(value) && value[key] !== undefined)
      reading.miss(key, 'this version does not read it; write it in by hand');
  }
  return reading.harvest();
}

/** One pass over a file: what was found so far, and what every entry is to its neighbours. */
class ComposeReading {
  readonly #root: string;
  readonly #file: string;
  readonly #neighbours: ReadonlyMap<string, Neighbour>;
  readonly #services: ServiceDraft[] = [];
  readonly #resources: ResourceDraft[] = [];
  readonly #unmapped: Unmapped[] = [];
  readonly #secrets: Record<string, string> = {};

  constructor(root: string, file: string, entries: readonly (readonly [string, Entry])[]) {
    this.#root = root;
    this.#file = file;
    this.#neighbours = new Map(entries.map(([name, entry]) => [name, neighbourOf(name, entry)]));
  }

  miss(what: string, why: string): void {
    this.#unmapped.push({ what, from: this.#file, why });
  }

  harvest(): Harvest {
    // A program that could not be read is no neighbour either.
    const names = [...this.#services, ...this.#resources].map(({ name }) => name);
    const services = this.#services.map((service) => ({
      ...service,
      uses: service.uses.filter((name) => names.includes(name) && name !== service.name),
    }));
    return { services, resources: this.#resources, unmapped: this.#unmapped, secrets: this.#secrets };
  }

  read(written: string, entry: Entry): void {
    const neighbour = this.#neighbours.get(written);
    const image = String(entry['image'] ?? '');
    if (neighbour?.kind === 'postgres') this.#readPostgres(neighbour, image, entry);
    else if (neighbour?.kind === 'foreign') {
      const why = `image ${image}: Hale runs programs of this machine, not containers. Leave it to Compose, and give its address by env`;
      this.miss(written, why);
    } else if (neighbour !== undefined) this.#readService(written, neighbour.name, entry);
  }

  #readPostgres(neighbour: Neighbour, image: string, entry: Entry): void {
    const database = composeEnvironment(entry['environment']).find(([name]) =>
      /^POSTGRES(QL)?_DB|POSTGRESQL_DATABASE$/.test(name),
    )?.[1];
    const plain = typeof database === 'string' && /^[a-z_][a-z0-9_]{0,62}$/.test(database) ? database : undefined;
    this.#resources.push({
      name: neighbour.name,
      from: this.#file,
      ...(plain === undefined ? {} : { database: plain }),
    });
    if (/postgis|timescale|pgvector/.test(image)) {
      this.miss(`${neighbour.name}: ${image}`, 'mapped to postgres(), which has no extension of that kind');
    }
    if (entry['volumes'] !== undefined) {
      this.miss(`${neighbour.name}: volumes`, 'postgres() starts empty: bring the data over with pg_dump and psql');
    }
  }

  #readService(written: string, name: string, entry: Entry): void {
    const miss: Miss = (what, why) => this.miss(`${written}: ${what}`, why);
    const found = composeProgram(entry, this.#root, miss);
    if (found === undefined) return;
    const { folder, program } = found;
    const sorted = sortComposeEnvironment(entry['environment'], this.#neighbours, miss);
    const { container, host } = firstPort(entry['ports'], miss);
    const port = sorted.port ?? container;
    Object.assign(this.#secrets, sorted.secrets);
    const envFile = envFileOf(entry['env_file'], miss);
    const memory = memoryText(entry);
    const stop = durationText(entry['stop_grace_period']);
    const ready = composeReady(entry['healthcheck'], miss);
    this.#services.push({
      name,
      from: this.#file,
      folder,
      program,
      env: { ...found.env, ...sorted.env },
      replicas: replicasOf(entry),
      uses: [...new Set([...dependenciesOf(entry['depends_on']), ...sorted.speaksTo])].flatMap((other) => {
        const known = this.#neighbours.get(other);
        return known === undefined || known.kind === 'foreign' ? [] : [known.name];
      }),
      ...(envFile === undefined ? {} : { envFile }),
      ...(memory === undefined ? {} : { memory }),
      ...(stop === undefined ? {} : { stop }),
      ...(ready === undefined ? {} : { ready }),
      listening: listeningOf({
        root: this.#root,
        folder,
        program,
        port,
        fromEnv: sorted.port !== undefined,
        published: host,
      }),
    });
    for (const key of Object.keys(entry)) if (lost[key] !== undefined) miss(key, lost[key]);
  }
}

const lost: Readonly<Record<string, string>> = {
  volumes: 'the program sees the folders of this machine; paths inside of the container do not exist here',
  user: 'services run as the user of `hale up`',
  privileged: 'services run with the rights of `hale up`',
  cap_add: 'services run with the rights of `hale up`',
  devices: 'services run with the rights of `hale up`',
  extra_hosts: 'write the names into /etc/hosts',
  secrets: "use env: { NAME: secret('NAME') }",
  configs: 'the program sees the files of this machine',
};

function neighbourOf(written: string, entry: Entry): Neighbour {
  const image = String(entry['image'] ?? '');
  const name = draftName(written);
  if (entry['build'] !== undefined) return { kind: 'service', name };
  const isPostgres = /(^|\/)(postgres|postgresql|postgis|pgvector|timescaledb)(-ha)?(:|@|$)/.test(image);
  if (isPostgres) return { kind: 'postgres', name };
  // An image of plain Node with a command runs code of this folder.
  const runsHere = /(^|\/)node(:|$)/.test(image) && entry['command'] !== undefined;
  return { kind: runsHere ? 'service' : 'foreign', name };
}

function firstPort(
  input: unknown,
  miss: Miss,
): { readonly container: number | undefined; readonly host: number | undefined } {
  const ports = (Array.isArray(input) ? input : []).flatMap((item: unknown) => {
    if (isRecord(item)) return [{ container: portOf(item['target']), host: portOf(item['published']) }];
    const parts = String(item)
      .replace(/\/(tcp|udp)$/, '')
      .split(':');
    return [{ container: portOf(parts.at(-1)), host: parts.length > 1 ? portOf(parts.at(-2)) : undefined }];
  });
  if (ports.length > 1) miss('ports', 'one port a service is mapped: the first');
  return ports[0] ?? { container: undefined, host: undefined };
}

function portOf(input: unknown): number | undefined {
  const port = Number(input);
  return Number.isInteger(port) && port > 0 && port < 65_536 ? port : undefined;
}

function dependenciesOf(input: unknown): readonly string[] {
  if (Array.isArray(input)) return input.filter((name) => typeof name === 'string');
  return isRecord(input) ? Object.keys(input) : [];
}

function envFileOf(input: unknown, miss: Miss): string | undefined {
  const files = (Array.isArray(input) ? input : input === undefined ? [] : [input]).map((item: unknown) =>
    posix.normalize(String(isRecord(item) ? item['path'] : item)),
  );
  if (files.length > 1) miss('env_file', `one file is read: ${files[0]}; write the others into it`);
  return files[0];
}

function replicasOf(entry: Entry): number {
  const deploy = isRecord(entry['deploy']) ? entry['deploy'] : {};
  const count = Number(entry['scale'] ?? deploy['replicas'] ?? 1);
  return Number.isInteger(count) && count >= 1 ? Math.min(count, 100) : 1;
}

/** Compose's '512M', '1g' as '512MiB'. */
function memoryText(entry: Entry): string | undefined {
  const deploy = isRecord(entry['deploy']) ? entry['deploy'] : {};
  const resources = isRecord(deploy['resources']) ? deploy['resources'] : {};
  const limits = isRecord(resources['limits']) ? resources['limits'] : {};
  const match = /^(\d+(?:\.\d+)?)\s*([kmg])i?b?$/i.exec(String(entry['mem_limit'] ?? limits['memory'] ?? ''));
  if (match === null) return undefined;
  const unit = match[2]?.toLowerCase();
  return unit === 'k'
    ? `${Math.max(16, Math.round(Number(match[1]) / 1024))}MiB`
    : `${match[1]}${unit === 'm' ? 'MiB' : 'GiB'}`;
}
