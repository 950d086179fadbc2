// Which file is the declaration: the one that was named, or hale.config.* in the folder that was named. Looks at names
// only; never climbs to parent folders, so that a command in the wrong folder says so instead of acting on another system.
import { statSync } from 'node:fs';
import { join, resolve } from 'node:path';
import type { Problem } from '@hale/base';

export const configNames = ['hale.config.ts', 'hale.config.mts', 'hale.config.mjs', 'hale.config.js'] as const;

export type FoundConfig = { readonly file: string } | { readonly problem: Problem };

/** `place`: a folder, or the file itself. */
export function findConfig(place: string): FoundConfig {
  const path = resolve(place);
  const kind = kindOf(path);
  if (kind === 'file') return { file: path };
  if (kind === 'none') {
    return missing(`there is no ${path}`, 'check the path, or run `hale init` in the folder of your services');
  }
  const file = configNames.map((name) => join(path, name)).find((candidate) => kindOf(candidate) === 'file');
  return file === undefined
    ? missing(`there is no hale.config.ts in ${path}`, 'run `hale init` here, or name the file: --config FILE')
    : { file };
}

function missing(message: string, hint: string): FoundConfig {
  return { problem: { severity: 'error', path: '', message, hint } };
}

function kindOf(path: string): 'file' | 'folder' | 'none' {
  const stat = statSync(path, { throwIfNoEntry: false });
  if (stat === undefined) return 'none';
  return stat.isDirectory() ? 'folder' : 'file';
}
