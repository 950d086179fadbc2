// Rooms of its own for a bench that cuts wires and fills disks: namespaces in which loopback, mounts, control groups and process ids are its alone.
// What is cut or filled there is cut and filled for nobody else, and when the bench ends the kernel takes all of it away: no rule, no mount and no
// process is left. (Groups are everybody's: they bear the mark of this run, and whoever keeps the door removes them.) It wants root and a few programs; where they are missing the strokes that need it are left out, and that is said.
import { execFile, spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { promisify } from 'node:util';

const run = promisify(execFile);
const sign = 'HALE_BENCH_QUARTERS';
/** The first process of the rooms, which also buries orphans: a shell does, a program would have to be taught. */
const door = `ip link set lo up && echo 32768 50000 > /proc/sys/net/ipv4/ip_local_port_range &&
mount -t cgroup2 none /sys/fs/cgroup && "$@"
code=$?
rmdir /sys/fs/cgroup/hale-cut-$${sign}-* 2>/dev/null
exit $code`;
const rooms = ['--net', '--mount', '--pid', '--fork', '--kill-child', '--mount-proc', '--propagation', 'private'];
const trials: readonly (readonly string[])[] = [
  ['nft', '--version'],
  ['mkfs.ext4', '-V'],
  ['fallocate', '--version'],
  ['unshare', ...rooms, '--', 'sh', '-c', door, 'sh', 'nft', 'list', 'ruleset'],
];

export function hasOwnQuarters(): boolean {
  return markOfRun() !== undefined;
}

/** In the name of everything here that others can see. */
export function markOfRun(): string | undefined {
  return process.env[sign];
}

/** Why there can be none here, in words; undefined: there can. */
export async function whyNoQuarters(): Promise<string | undefined> {
  if (process.platform !== 'linux') return 'it needs the namespaces of Linux';
  if (process.getuid?.() !== 0) return 'it needs root';
  for (const [program = '', ...args] of trials) {
    try {
      await run(program, args);
    } catch (error) {
      return `\`${[program, ...args].join(' ')}\` does not work here (${(error as Error).message.split('\n')[0]}); apt-get install nftables e2fsprogs util-linux`;
    }
  }
  return undefined;
}

/** Runs this very command again in quarters of its own; gives its exit code. */
export function runInQuarters(): Promise<number> {
  const again = [process.execPath, ...process.execArgv, ...process.argv.slice(1)];
  const child = spawn('unshare', [...rooms, '--', 'sh', '-c', door, 'sh', ...again], {
    env: { ...process.env, [sign]: randomUUID().slice(0, 8) },
    stdio: 'inherit',
  });
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('exit', (code) => resolve(code ?? 1));
  });
}
