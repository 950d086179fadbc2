// The shelf of declarations: the ones that were declared to us and, for replicas of an older release that we adopt, the
// ones that lie in `.hale/releases/`.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type SystemSpec, type UnitName, type UnitSpec, unitsOf } from '@hale/model';
import { platformError } from '../errors.ts';

export interface Releases {
  add(release: number, spec: SystemSpec): void;
  /** Throws HALE_PLATFORM_RELEASE_UNKNOWN. */
  spec(release: number): SystemSpec;
  /** Throws HALE_PLATFORM_UNIT_UNKNOWN too. */
  unit(release: number, name: UnitName): UnitSpec;
  /** For one that runs already: of an unknown unit only being alive is asked. */
  unitOrBare(release: number, name: UnitName): UnitSpec;
}

const releasesMax = 20;

export function createReleases(root: string): Releases {
  const shelf = new Map<number, { spec: SystemSpec; units: readonly UnitSpec[] }>();
  const put = (release: number, spec: SystemSpec) => {
    shelf.delete(release);
    shelf.set(release, { spec, units: unitsOf(spec) });
    const oldest = shelf.keys().next().value;
    if (shelf.size > releasesMax && oldest !== undefined) shelf.delete(oldest);
  };
  const get = (release: number) => {
    if (!shelf.has(release)) {
      const spec = readRelease(root, release);
      if (spec !== undefined) put(release, spec);
    }
    const found = shelf.get(release);
    if (found === undefined)
      throw platformError('HALE_PLATFORM_RELEASE_UNKNOWN', `release ${release} was never declared here`);
    return found;
  };
  const unit = (release: number, name: UnitName) => {
    const found = get(release).units.find((candidate) => candidate.name === name);
    if (found === undefined)
      throw platformError('HALE_PLATFORM_UNIT_UNKNOWN', `release ${release} has no unit '${name}'`);
    return found;
  };
  return {
    add: put,
    spec: (release) => get(release).spec,
    unit,
    unitOrBare(release, name) {
      try {
        return unit(release, name);
      } catch {
        return bareUnit(name);
      }
    },
  };
}

function readRelease(root: string, release: number): SystemSpec | undefined {
  try {
    return JSON.parse(readFileSync(join(root, '.hale', 'releases', `${release}.json`), 'utf8')) as SystemSpec;
  } catch {
    return undefined;
  }
}

function bareUnit(name: UnitName): UnitSpec {
  const paceMs = { steady: 1000, suspicious: 1000, down: 1000 };
  const alive = {
    check: { kind: 'alive' },
    everyMs: paceMs,
    timeoutMs: 1000,
    failures: 1,
    successes: 1,
    withinMs: 1000,
  } as const;
  return {
    name,
    role: 'service',
    replicas: 0,
    uses: [],
    zones: [],
    surge: false,
    routed: false,
    probes: { startup: alive, ready: undefined, live: undefined },
    hang: { afterMs: 3000, action: 'observe' },
    grace: { drainMs: 0, stopMs: 10_000 },
    memoryBytesMax: undefined,
    fingerprint: '',
  };
}
