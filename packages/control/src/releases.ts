// The archive of declarations: `.hale/releases/<n>.json`, written by `hale up`, read here. The highest number is the one
// in force; older ones are read again while replicas of them still run. It never writes.
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { SystemSpec } from '@hale/model';
import { controlError } from './errors.ts';

export interface Release {
  readonly release: number;
  readonly spec: SystemSpec;
}

export interface Releases {
  /** The highest that can be read; undefined before the first. Throws HALE_CONTROL_RELEASE_BROKEN when none of those there can. */
  latest(): Release | undefined;
  /** Throws HALE_CONTROL_RELEASE_UNKNOWN or HALE_CONTROL_RELEASE_BROKEN. */
  read(release: number): Release;
  has(release: number): boolean;
}

export function openReleases(folder: string): Releases {
  const fileOf = (release: number) => join(folder, `${release}.json`);
  const numbers = () =>
    (existsSync(folder) ? readdirSync(folder) : [])
      .flatMap((name) => (/^\d+\.json$/.test(name) ? [Number.parseInt(name, 10)] : []))
      .sort((a, b) => b - a);
  const read = (release: number): Release => {
    const file = fileOf(release);
    if (!existsSync(file))
      throw controlError('HALE_CONTROL_RELEASE_UNKNOWN', `there is no release ${release} (${file})`);
    try {
      const spec = JSON.parse(readFileSync(file, 'utf8')) as SystemSpec;
      if (typeof spec.id !== 'string' || typeof spec.services !== 'object') throw new Error('it holds no system');
      return { release, spec };
    } catch (error) {
      const message = `${file} cannot be read: ${(error as Error).message}`;
      throw controlError('HALE_CONTROL_RELEASE_BROKEN', message, { cause: error });
    }
  };
  return {
    latest() {
      let broken: unknown;
      for (const number of numbers()) {
        try {
          return read(number);
        } catch (error) {
          broken ??= error;
        }
      }
      if (broken !== undefined) throw broken;
      return undefined;
    },
    read,
    has: (release) => existsSync(fileOf(release)),
  };
}
