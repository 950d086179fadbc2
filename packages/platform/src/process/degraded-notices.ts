// Reads the notices that services hang out while they answer by a fallback: degraded/<incarnation>.json in the runtime folder, there only while
// something is missing. One look at the folder tells who has one; a file is read again only when it was written anew.
import { readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { type DegradedNotice, parseDegradedNotices } from '@hale/model';

export interface DegradedNotices {
  /** Looks at the folder; as often as one likes. */
  look(): void;
  /** Undefined: nothing is missing. */
  of(incarnation: string): readonly DegradedNotice[] | undefined;
  /** Takes down what a dead one left hanging. */
  remove(incarnation: string): void;
}

const fileBytesMax = 64 * 1024;
const filesMax = 1000;

export function createDegradedNotices(runtimeDir: string): DegradedNotices {
  const folder = join(runtimeDir, 'degraded');
  let known = new Map<string, { readonly writtenMs: number; readonly notices: readonly DegradedNotice[] }>();
  return {
    look() {
      const next: typeof known = new Map();
      for (const name of listed(folder)) {
        const incarnation = name.slice(0, -'.json'.length);
        const file = join(folder, name);
        const stat = statSync(file, { throwIfNoEntry: false });
        if (stat === undefined || stat.size > fileBytesMax) continue;
        const old = known.get(incarnation);
        next.set(incarnation, old?.writtenMs === stat.mtimeMs ? old : { writtenMs: stat.mtimeMs, notices: read(file) });
      }
      known = next;
    },
    of(incarnation) {
      const notices = known.get(incarnation)?.notices;
      return notices === undefined || notices.length === 0 ? undefined : notices;
    },
    remove: (incarnation) => rmSync(join(folder, `${incarnation}.json`), { force: true }),
  };
}

function listed(folder: string): readonly string[] {
  try {
    return readdirSync(folder)
      .filter((name) => name.endsWith('.json'))
      .slice(0, filesMax);
  } catch {
    // Nobody has anything to say yet.
    return [];
  }
}

function read(file: string): readonly DegradedNotice[] {
  try {
    return parseDegradedNotices(JSON.parse(readFileSync(file, 'utf8')));
  } catch {
    // Taken down between the look and the reading, or not ours to understand: the service's own /healthz still says it.
    return [];
  }
}
