// What was found in a repository, before it is written as a declaration: drafts of services and resources, and the honest
// list of what could not be mapped, each with why.
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { isSecretName, maskUrlPassword } from '@hale/model';
import { plainName } from '@hale/model/parse';

export type EnvDraft =
  | string
  | { readonly kind: 'env'; readonly name: string; readonly fallback?: string }
  | { readonly kind: 'secret'; readonly name: string };

export type ProgramDraft = { readonly run: string } | { readonly command: readonly string[] };

export interface ProbeDraft {
  readonly http?: string;
  readonly exec?: readonly string[];
  readonly every?: string;
  readonly timeout?: string;
  readonly failures?: number;
}

export interface ServiceDraft {
  readonly name: string;
  /** The file that it was read from, for people. */
  readonly from: string;
  /** Where it runs, relative to the root; '' is the root. */
  readonly folder: string;
  readonly program: ProgramDraft;
  readonly env: Readonly<Record<string, EnvDraft>>;
  readonly envFile?: string;
  readonly replicas: number;
  readonly uses: readonly string[];
  readonly ready?: ProbeDraft;
  readonly memory?: string;
  readonly stop?: string;
  /** What is known about how it listens: see listening.ts. */
  readonly listening: Listening;
}

/** `port`: what it listened on so far. `reads`: it takes PORT from the environment. */
export type Listening =
  | { readonly kind: 'listens'; readonly port?: number; readonly published?: number; readonly reads: boolean }
  | { readonly kind: 'silent' }
  | { readonly kind: 'unknown' };

export interface ResourceDraft {
  readonly name: string;
  readonly from: string;
  readonly database?: string;
}

export interface Unmapped {
  /** What stands there, as it is called there. */
  readonly what: string;
  readonly from: string;
  /** Why it was not mapped, and what to do. */
  readonly why: string;
}

export interface Harvest {
  readonly services: readonly ServiceDraft[];
  readonly resources: readonly ResourceDraft[];
  readonly unmapped: readonly Unmapped[];
  /** Values that stood in plain text; they go to .hale/secrets.env and nowhere else (INV-12). */
  readonly secrets: Readonly<Record<string, string>>;
}

export const emptyHarvest: Harvest = { services: [], resources: [], unmapped: [], secrets: {} };

/** Names as a declaration may write them. */
export function draftName(written: string): string {
  const plain = plainName(written.replace(/^@[^/]+\//, ''));
  return plain === 'gateway' ? 'gateway-service' : plain;
}

/** Earlier harvests win: what they already run (same name, or same folder) is left out of later ones. */
export function mergeHarvests(harvests: readonly Harvest[]): Harvest {
  const services: ServiceDraft[] = [];
  const resources: ResourceDraft[] = [];
  const unmapped: Unmapped[] = [];
  const secrets: Record<string, string> = {};
  for (const harvest of harvests) {
    const before = [...services];
    for (const service of harvest.services) {
      const twin = before.find(
        ({ name, folder }) => name === service.name || (folder !== '' && folder === service.folder),
      );
      if (twin === undefined) services.push({ ...service, name: freeName(service.name, services) });
      else unmapped.push({ what: service.name, from: service.from, why: `already mapped from ${twin.from}` });
    }
    for (const resource of harvest.resources) {
      if (!resources.some(({ name }) => name === resource.name)) resources.push(resource);
    }
    unmapped.push(...harvest.unmapped);
    Object.assign(secrets, harvest.secrets);
  }
  return { services, resources, unmapped, secrets };
}

function freeName(name: string, taken: readonly { readonly name: string }[]): string {
  let free = name;
  for (let n = 2; taken.some((other) => other.name === free); n++) free = `${name}-${n}`;
  return free;
}

export interface EnvSorted {
  readonly env: Readonly<Record<string, EnvDraft>>;
  readonly secrets: Readonly<Record<string, string>>;
  /** The value of PORT, where it was a number. */
  readonly port: number | undefined;
}

/** Plain variables, with PORT taken out (Hale says it) and secrets replaced by references. */
export function sortEnv(variables: Readonly<Record<string, unknown>>): EnvSorted {
  const env: Record<string, EnvDraft> = {};
  const secrets: Record<string, string> = {};
  let port: number | undefined;
  for (const [name, value] of Object.entries(variables)) {
    if (value === null || value === undefined || typeof value === 'object') continue;
    if (name === 'PORT') port = Number.isInteger(Number(value)) && Number(value) > 0 ? Number(value) : undefined;
    else if (isSecret(name, String(value))) {
      env[name] = { kind: 'secret', name };
      secrets[name] = String(value);
    } else env[name] = String(value);
  }
  return { env, secrets, port };
}

/** The first of `names` that exists in `root`. */
export function firstFile(root: string, names: readonly string[]): string | undefined {
  return names.find((name) => existsSync(join(root, name)));
}

export function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** By its name, or by a password inside of an address. */
function isSecret(name: string, value: string): boolean {
  return value !== '' && (isSecretName(name) || maskUrlPassword(value) !== value);
}
