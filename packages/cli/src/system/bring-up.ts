// From a declaration to a running system that follows it: the one way in for `up`, `dev` and drills. It starts what does
// not run, writes the release down if it is new, and tells control; a system that runs already is only told.
import { diffSystems, type SystemDiff, type SystemSpec } from '@hale/model';
import { explainUnknown } from '../errors.ts';
import type { Host } from '../host.ts';
import { latestRelease, recordRelease, withdrawRelease } from './folder.ts';
import { withFolderLock } from './folder-lock.ts';
import { askPatiently, isAway, type RunningSystem } from './running.ts';
import { ensureStarted } from './starting.ts';
import { stopSystem } from './stopping.ts';

export interface BroughtUp {
  readonly system: RunningSystem;
  readonly release: number;
  /** True when this call started the keeper; it is then this caller's to stop. */
  readonly fresh: boolean;
  /** What is new since the release that was in force; undefined when there was none. */
  readonly difference: SystemDiff | undefined;
}

/** Throws HaleError; what the operating system refused is explained. After a failed fresh start nothing is left running. */
export async function bringUp(host: Host, spec: SystemSpec, signal: AbortSignal): Promise<BroughtUp> {
  try {
    return await raise(host, spec, signal);
  } catch (error) {
    throw explainUnknown(error, `starting the system in ${spec.root}`);
  }
}

async function raise(host: Host, spec: SystemSpec, signal: AbortSignal): Promise<BroughtUp> {
  return withFolderLock(host, spec.root, async () => {
    const before = latestRelease(spec.root)?.spec;
    const { system, fresh } = await ensureStarted(host, spec, signal);
    try {
      const declared: SystemSpec = { ...spec, id: system.id };
      const release = await declareTo(host, system, declared);
      const difference = before === undefined ? undefined : diffSystems(before, declared);
      return { system, release, fresh, difference };
    } catch (error) {
      if (fresh) await stopSystem(host, system, { timeoutMs: 2_000, hurry: AbortSignal.abort(), say: () => {} });
      throw error;
    }
  });
}

/** Writes the release down and tells control. A refused one is taken back: the one in force stays the newest. */
async function declareTo(host: Host, system: RunningSystem, spec: SystemSpec): Promise<number> {
  const { release, changed } = recordRelease(spec.root, spec);
  try {
    await askPatiently(host, () => system.api.declare(release));
  } catch (error) {
    if (changed && !isAway(error)) withdrawRelease(spec.root, release);
    throw error;
  }
  return release;
}
