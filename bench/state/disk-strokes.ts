// The strokes of a full disk (small-disks.ts): a foreign file takes all room while somebody loads much at once, and after some seconds, or much later, room
// comes back. A log that cannot be written ends a server; a standby, or Hale itself, may only stand still.
import { isAlive, strike, withDescendants } from './cage.ts';
import type { Disk, Disks } from './small-disks.ts';
import type { Deed, Scene } from './strokes.ts';

const endedWithinMs = 60_000;
const loadForMs = 15_000;
/** Less than the other disks have room for: who keeps log for a standby that is away must not be filled by this too. */
const loadMbMax = 64;
const pause = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms));

export const diskStrokes: Readonly<Record<string, Deed>> = {
  async 'disk full'(scene) {
    const { pid } = scene.primary;
    const { free, fromMs } = await fillAll([diskOf(scene, scene.primary)]);
    const stayMs = 2_000 + scene.rng.below(18_000);
    try {
      await load(scene, () => pid === undefined || !isAlive(pid));
      const goneMs = await endOf(pid);
      await pause(stayMs);
      return { fromMs, goneMs, detail: `room after ${stayMs} ms` };
    } finally {
      free();
    }
  },
  /** Nothing but the ledgers: the log finds room in what it has already, and it is the tables that cannot grow. */
  async 'disk full, little written'(scene) {
    const { pid } = scene.primary;
    const { free, fromMs } = await fillAll([diskOf(scene, scene.primary)]);
    const stayMs = 2_000 + scene.rng.below(18_000);
    try {
      const goneMs = await endOf(pid);
      await pause(stayMs);
      return { fromMs, goneMs, detail: `room after ${stayMs} ms` };
    } finally {
      free();
    }
  },
  async 'disk of a standby full'(scene) {
    const standby = scene.standbys[scene.rng.below(scene.standbys.length)];
    if (standby === undefined) throw new Error('there is no standby to strike');
    const { free, fromMs } = await fillAll([diskOf(scene, standby)]);
    const stayMs = 2_000 + scene.rng.below(28_000);
    try {
      const goneMs = performance.now();
      await load(scene, () => performance.now() > fromMs + Math.min(stayMs, loadForMs));
      await pause(Math.max(0, fromMs + stayMs - performance.now()));
      return { fromMs, goneMs, detail: `room after ${stayMs} ms` };
    } finally {
      free();
    }
  },
  async 'all disks full'(scene) {
    const { free, fromMs } = await fillAll(disksOf(scene).nodes);
    const stayMs = 2_000 + scene.rng.below(8_000);
    try {
      await load(scene, () => scene.primary.pid === undefined || !isAlive(scene.primary.pid));
      await pause(stayMs);
    } finally {
      free();
    }
    // Nobody could write before: counted from when there was room.
    return { fromMs, goneMs: performance.now(), detail: `room after ${stayMs} ms` };
  },
  async "Hale's disk full"(scene) {
    const { free, fromMs } = await fillAll([disksOf(scene).house]);
    const stayMs = 2_000 + scene.rng.below(8_000);
    try {
      const goneMs = performance.now();
      await pause(stayMs);
      return { fromMs, goneMs, detail: `room after ${stayMs} ms` };
    } finally {
      free();
    }
  },
  async "Hale's disk full, primary killed"(scene) {
    const { free } = await fillAll([disksOf(scene).house]);
    const stayMs = 2_000 + scene.rng.below(8_000);
    try {
      await pause(500 + scene.rng.below(1_500));
      const struck = await strike(withDescendants(scene.primary.pid === undefined ? [] : [scene.primary.pid]));
      await pause(stayMs);
      return { ...struck, detail: `room after ${stayMs} ms` };
    } finally {
      free();
    }
  },
};

function disksOf({ disks }: Scene): Disks {
  if (disks === undefined) throw new Error('there are no small disks');
  return disks;
}

function diskOf(scene: Scene, { replica }: Scene['primary']): Disk {
  const disk = disksOf(scene).nodes[Number(replica.split('/')[1])];
  if (disk === undefined) throw new Error(`${replica} has no disk of its own`);
  return disk;
}

async function fillAll(disks: readonly Disk[]): Promise<{ readonly free: () => void; readonly fromMs: number }> {
  const frees = await Promise.all(disks.map((disk) => disk.fill()));
  const free = () => {
    for (const each of frees) each();
  };
  return { free, fromMs: performance.now() };
}

/** Somebody loads much at once: the log needs new segments. What does not get through is tried again, until `isEnough`. */
async function load({ direct }: Scene, isEnough: () => boolean): Promise<void> {
  const endMs = performance.now() + loadForMs;
  for (let mb = 0; mb < loadMbMax && !isEnough() && performance.now() < endMs; mb++) {
    await direct.query("select pg_logical_emit_message(true, 'bench', repeat('x', 1000000))").catch(() => pause(50));
    await pause(10);
  }
}

async function endOf(pid: number | undefined): Promise<number> {
  const endMs = performance.now() + endedWithinMs;
  while (pid !== undefined && isAlive(pid)) {
    if (performance.now() > endMs)
      throw new Error(`${pid} has no disk, and nobody ended it within ${endedWithinMs} ms`);
    await pause(2);
  }
  return performance.now();
}
