// Small disks, so that one can be full: each node's data and Hale's own folder get a filesystem of their own (ext4 in a file), and a foreign file beside
// them takes all that is left, also what is given back while it lies there. The foreign file is on the node's disk and not in its folder: a copy must
// not find it. Only inside of quarters.ts, whose end takes the mounts away.
import { execFile } from 'node:child_process';
import {
  closeSync,
  mkdirSync,
  openSync,
  realpathSync,
  renameSync,
  rmSync,
  statfsSync,
  truncateSync,
  writeSync,
} from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);
const nodeMb = 320;
const houseMb = 256;
const pieceBytes = 64 * 1024;

export interface Disk {
  /** Takes all of its room from now on; resolves when there is none left, with what gives it back. */
  fill(): Promise<() => void>;
  freeBytes(): number;
}

export interface Disks {
  /** Hale's own: declaration of what runs, journal, logs, badges. */
  readonly house: Disk;
  /** By ordinal. */
  readonly nodes: readonly Disk[];
  /** Takes the mounts away; nothing may run on them any more. */
  close(): Promise<void>;
}

/** For a system that was never started: `.hale` in `folder`. */
export async function mountHouse(folder: string): Promise<Mount> {
  return mountAt(folder, { name: 'house', at: join(folder, '.hale'), mb: houseMb });
}

/** For a system that is down: what lies in each node's folder moves onto its disk. */
export async function mountNodes(folder: string, house: Mount): Promise<Disks> {
  const home = realpathSync(join(folder, '.hale/data/db'));
  const mounts: Mount[] = [];
  for (const name of ['pgdata', 'pgdata-1', 'pgdata-2'])
    mounts.push(await mountAt(folder, { name, at: join(home, name), mb: nodeMb }));
  return {
    house: house.disk,
    nodes: mounts.map(({ disk }) => disk),
    async close() {
      for (const mount of [...mounts, house]) await mount.close();
    },
  };
}

interface Mount {
  readonly disk: Disk;
  close(): Promise<void>;
}

async function mountAt(
  folder: string,
  { name, at, mb }: { readonly name: string; readonly at: string; readonly mb: number },
): Promise<Mount> {
  const place = join(folder, 'disks', name);
  const image = `${place}.img`;
  mkdirSync(place, { recursive: true });
  closeSync(openSync(image, 'w'));
  truncateSync(image, mb * 1024 * 1024);
  await run('mkfs.ext4', ['-q', '-m', '0', image]);
  await run('mount', ['-o', 'loop', image, place]);
  const room = join(place, 'room');
  mkdirSync(room, { mode: 0o700 });
  mkdirSync(at, { recursive: true, mode: 0o700 });
  const aside = `${at}.aside`;
  renameSync(at, aside);
  await run('cp', ['-a', `${aside}/.`, room]);
  rmSync(aside, { recursive: true });
  mkdirSync(at, { mode: 0o700 });
  await run('mount', ['--bind', room, at]);
  return {
    disk: diskAt(place),
    async close() {
      await run('umount', [at]);
      await run('umount', [place]);
    },
  };
}

function diskAt(place: string): Disk {
  const foreign = join(place, 'foreign');
  const freeBytes = () => {
    const { bavail, bsize } = statfsSync(place);
    return bavail * bsize;
  };
  return {
    freeBytes,
    async fill() {
      const free = freeBytes();
      // It fails where others took room meanwhile; what is left is taken bit by bit below.
      if (free > 0) await run('fallocate', ['-l', String(free), foreign]).catch(() => {});
      let turn = 0;
      const take = () => void takeAll(`${foreign}-${turn++}`, freeBytes);
      take();
      const timer = setInterval(take, 50);
      return () => {
        clearInterval(timer);
        for (let i = 0; i < turn; i++) rmSync(`${foreign}-${i}`, { force: true });
        rmSync(foreign, { force: true });
      };
    },
  };
}

/** To the last block that a plain file gets. */
function takeAll(file: string, freeBytes: () => number): void {
  if (freeBytes() < 4096) return;
  let fd: number | undefined;
  try {
    fd = openSync(file, 'a');
    for (let size = pieceBytes; size >= 4096; ) {
      try {
        writeSync(fd, Buffer.alloc(size));
      } catch {
        size /= 2;
      }
    }
  } catch {
    // Not even a name fits.
  } finally {
    if (fd !== undefined) closeSync(fd);
  }
}
