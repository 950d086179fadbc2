// What the last drills of the way back measured, kept twice: beside the system for a quick look, and in the store for whoever has
// nothing else left. Both are bounded (INV-09).
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { putSealed, readSealed, type Vault } from '@hale/platform/postgres';
import { listAll } from '@hale/ports';
import { makeStateFolder, stateFolderOf, writeAtomically } from '../system/folder.ts';

export interface Measured {
  /** 'restore': one database into a scratch folder. 'bare': the whole system into an empty folder. */
  readonly kind: 'restore' | 'bare';
  /** Unix ms. */
  readonly at: number;
  /** Of a restore. */
  readonly database: string | undefined;
  readonly backup: string | undefined;
  readonly ok: boolean;
  readonly rtoMs: number;
  /** How old the newest thing was that came back; undefined where nothing did. */
  readonly rpoMs: number | undefined;
  readonly problems: readonly string[];
}

const keptHere = 40;
const keptInStore = 40;
const prefix = 'measured/';
const fileOf = (root: string) => join(stateFolderOf(root), 'measured.json');

/** Newest last. A file that cannot be read is an empty one: it is measured again. */
export function readMeasured(root: string): readonly Measured[] {
  try {
    const value = JSON.parse(readFileSync(fileOf(root), 'utf8')) as unknown;
    return Array.isArray(value) ? (value as Measured[]) : [];
  } catch {
    return [];
  }
}

export function keepMeasured(root: string, measured: readonly Measured[]): void {
  if (!existsSync(stateFolderOf(root))) makeStateFolder(root);
  const all = [...readMeasured(root), ...measured].slice(-keptHere);
  writeAtomically(fileOf(root), `${JSON.stringify(all, null, 1)}\n`);
}

/** Puts it beside the house, and takes the oldest away where there are too many. */
export async function storeMeasured(vault: Vault, measured: readonly Measured[]): Promise<void> {
  for (const [index, one] of measured.entries()) {
    const key = `${prefix}${Math.floor(one.at).toString(16).padStart(12, '0')}-${index}`;
    await putSealed(vault, key, { content: Buffer.from(JSON.stringify(one)), stamp: one.at });
  }
  const keys = await measuredKeys(vault);
  for (const key of keys.slice(0, -keptInStore)) await vault.store.delete(key);
}

/** Newest last; what cannot be read is passed over. */
export async function storedMeasured(vault: Vault): Promise<readonly Measured[]> {
  const found: Measured[] = [];
  for (const key of await measuredKeys(vault)) {
    const opened = await readSealed(vault, key).catch(() => undefined);
    if (opened !== undefined) found.push(JSON.parse(opened.content.toString()) as Measured);
  }
  return found;
}

async function measuredKeys(vault: Vault): Promise<readonly string[]> {
  const keys: string[] = [];
  for await (const { key } of listAll(vault.store, prefix)) keys.push(key);
  return keys.sort();
}
