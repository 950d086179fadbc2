// The runbook: what to type, in order, when a database or the whole machine is lost. Pure: from the declaration, what it stands in, and
// what was measured. It promises no time that nobody measured.
import { formatDuration } from '@hale/base';
import type { SystemSpec } from '@hale/model';
import type { Measured } from './measured.ts';

const noWay =
  "there is no way back: declare postgres({ backup: { to: 'vault' } }) and its objectStore (docs/guides/backups.md)";

const noWayElsewhere =
  "there is no way back from here: use what its provider has, or declare postgres({ url, backup: { to: 'vault' } }) (docs/guides/databases.md)";

export interface RunbookDatabase {
  readonly database: string;
  readonly nodes: number;
  /** Somebody else runs the server. */
  readonly isElsewhere: boolean;
  /** undefined: no backup is declared, and there is no way back. */
  readonly store: string | undefined;
  readonly commands: readonly string[];
  readonly measured: string;
}

export interface Runbook {
  readonly system: string;
  readonly databases: readonly RunbookDatabase[];
  /** The machine is lost with everything on it. */
  readonly machine: {
    readonly commands: readonly string[];
    readonly measured: string;
    readonly warnings: readonly string[];
  };
}

export interface RunbookInput {
  readonly spec: SystemSpec;
  /** By database, as it can be named from anywhere. */
  readonly stores: Readonly<Record<string, string>>;
  /** Names of what must be put into the environment besides. */
  readonly secrets: readonly string[];
  readonly measured: readonly Measured[];
}

const drillHint = 'never measured: run hale drill run dr';

export function writeRunbook({ spec, stores, secrets, measured }: RunbookInput): Runbook {
  const last = (fits: (one: Measured) => boolean) => measured.findLast(fits);
  const databases = Object.keys(spec.resources).map((database): RunbookDatabase => {
    const one = last(({ kind, database: name }) => kind === 'restore' && name === database);
    const resource = spec.resources[database];
    const isElsewhere = resource?.url !== undefined;
    const known = { database, nodes: 1 + (resource?.standbys ?? 0), isElsewhere, store: stores[database] };
    if (stores[database] === undefined)
      return { ...known, commands: [], measured: isElsewhere ? noWayElsewhere : noWay };
    const commands = isElsewhere ? intoTheirs(spec, database) : inPlace(database);
    return { ...known, commands, measured: measuredWords(one, drillHint) };
  });
  const bare = last(({ kind }) => kind === 'bare');
  const [store] = Object.values(stores);
  const rehearse = `never measured: run hale drill run dr --bare --from ${store}`;
  const machine =
    store === undefined
      ? { commands: [], measured: noWay, warnings: [] }
      : {
          commands: elsewhere(spec, stores, secrets),
          measured: measuredWords(bare, rehearse),
          warnings: warningsOf(spec, stores),
        };
  return { system: spec.name, databases, machine };
}

function inPlace(database: string): readonly string[] {
  return [
    'hale down',
    `hale restore ${database} --to latest --into replace   # or --to 2026-11-22T04:00:00Z: the last moment that was good`,
    'hale up --detach --wait',
    `hale backup now --db ${database}`,
  ];
}

/** Hale brings the data into a folder; to put it under a server is for whoever runs one. Then it must be told the address. */
function intoTheirs(spec: SystemSpec, database: string): readonly string[] {
  const url = spec.resources[database]?.url;
  const users = Object.values(spec.services).filter(({ uses }) => uses.includes(database));
  return [
    `hale restore ${database} --to latest --into ./${database}-restored   # or --to 2026-11-22T04:00:00Z: the last moment that was good`,
    `# whoever runs the server: start PostgreSQL of the same major version on that folder (its own files of settings are brought along by hand)`,
    `# a managed service takes no folder: start it here, load what pg_dump gives into the new server, and give its backups a new store or prefix`,
    ...(url?.kind === 'secret'
      ? [
          `# where the address has changed: write it as ${url.name}=... into .hale/secrets.env`,
          ...users.map(({ name }) => `hale restart ${name}`),
        ]
      : [`export ${url?.name}=...   # where the address has changed`, 'hale down', 'hale up --detach --wait']),
    `hale backup now --db ${database}`,
  ];
}

function elsewhere(spec: SystemSpec, stores: RunbookInput['stores'], secrets: readonly string[]): readonly string[] {
  const keys = [
    ...new Set(Object.values(spec.backups ?? {}).flatMap(({ encrypt }) => (encrypt ? [encrypt.name] : []))),
  ];
  const names = [...new Set([...keys, ...secrets])];
  const [store = ''] = Object.values(stores);
  return [
    ...names.map((name) => `export ${name}=...   # from where you keep it: it is in no backup`),
    `npx hale restore --house --from ${store} --into ./${spec.name}`,
    `cd ${spec.name}`,
    'npm ci',
    ...Object.keys(stores)
      .filter((database) => spec.resources[database]?.url === undefined)
      .map((database) => `npx hale restore ${database} --into new`),
    'npx hale up --detach --wait',
    'npx hale dr status',
  ];
}

function warningsOf(spec: SystemSpec, stores: RunbookInput['stores']): readonly string[] {
  const local = [...new Set(Object.values(stores).filter((url) => url.startsWith('file:')))];
  const moved = Object.values(spec.backups ?? {}).some(({ url }) => /^file:(?!\/)/.test(url));
  const theirs = Object.values(spec.resources).filter(({ url }) => url !== undefined);
  const lost = Object.values(spec.resources).filter(({ name, url }) => url === undefined && stores[name] === undefined);
  return [
    ...local.map((url) => `${url} is a folder: it must have outlived the machine`),
    ...(moved
      ? ['the url of objectStore() is relative: in the new folder, write where the store is before you restore']
      : []),
    ...lost.map(({ name }) => `${name} has no backup, and begins empty`),
    ...theirs.map(
      ({ name }) => `${name} is run by somebody else: this machine's end is not its end; if it is lost too, see above`,
    ),
  ];
}

function measuredWords(one: Measured | undefined, never: string): string {
  if (one === undefined) return never;
  const when = new Date(one.at).toISOString();
  if (!one.ok) return `it failed at ${when}: ${one.problems[0] ?? 'nobody knows why'}`;
  const rpo = one.rpoMs === undefined ? 'unknown' : formatDuration(one.rpoMs);
  return `RTO ${formatDuration(one.rtoMs)}, RPO ${rpo}, measured at ${when}`;
}
