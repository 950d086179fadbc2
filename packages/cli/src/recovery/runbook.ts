// The runbook: what to type, in order, when a database or the whole machine is lost. Pure: from the declaration, what it stands in, and
// what was measured. It promises no time that nobody measured.
import { formatDuration } from '@hale/base';
import type { SystemSpec } from '@hale/model';
import type { Measured } from './measured.ts';

const noWay =
  "there is no way back: declare postgres({ backup: { to: 'vault' } }) and its objectStore (docs/guides/backups.md)";

export interface RunbookDatabase {
  readonly database: string;
  readonly nodes: number;
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
    return {
      ...{ database, nodes: 1 + (spec.resources[database]?.standbys ?? 0), store: stores[database] },
      commands: stores[database] === undefined ? [] : inPlace(database),
      measured: stores[database] === undefined ? noWay : measuredWords(one, drillHint),
    };
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
    ...Object.keys(stores).map((database) => `npx hale restore ${database} --into new`),
    'npx hale up --detach --wait',
    'npx hale dr status',
  ];
}

function warningsOf(spec: SystemSpec, stores: RunbookInput['stores']): readonly string[] {
  const local = [...new Set(Object.values(stores).filter((url) => url.startsWith('file:')))];
  const moved = Object.values(spec.backups ?? {}).some(({ url }) => /^file:(?!\/)/.test(url));
  const lost = Object.keys(spec.resources).filter((database) => stores[database] === undefined);
  return [
    ...local.map((url) => `${url} is a folder: it must have outlived the machine`),
    ...(moved
      ? ['the url of objectStore() is relative: in the new folder, write where the store is before you restore']
      : []),
    ...lost.map((database) => `${database} has no backup, and begins empty`),
  ];
}

function measuredWords(one: Measured | undefined, never: string): string {
  if (one === undefined) return never;
  const when = new Date(one.at).toISOString();
  if (!one.ok) return `it failed at ${when}: ${one.problems[0] ?? 'nobody knows why'}`;
  const rpo = one.rpoMs === undefined ? 'unknown' : formatDuration(one.rpoMs);
  return `RTO ${formatDuration(one.rtoMs)}, RPO ${rpo}, measured at ${when}`;
}
