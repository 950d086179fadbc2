// For tests that fill a disk or cut a wire: a network or mounts of their own, in which a test file runs once more. Nobody else sees what is cut or
// filled there, and the kernel takes all of it away with the last process, however that one ends. Root makes such rooms by itself; an ordinary user
// is root inside of them. Where there can be none, it says why.
import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const run = promisify(execFile);
const sign = 'HALE_TEST_OWN_ROOMS';
const timeoutMs = 120_000;
const asRoot = process.getuid?.() === 0 ? [] : ['--user', '--map-root-user'];

export interface OwnRooms {
  /** The file is run in them now: it registers its real tests. */
  readonly isInside: boolean;
  /** False, or why there are none. */
  readonly skip: string | false;
  /** Runs the file once more, inside. Rejects with what it said when a test in there failed. */
  again(): Promise<void>;
}

const kinds = {
  network: { flags: ['--net'], door: 'ip link set lo up', trial: ['nft', 'list', 'ruleset'] },
  mounts: {
    flags: ['--mount', '--propagation', 'private'],
    door: 'true',
    trial: ['mount', '-t', 'tmpfs', 'none', '/mnt'],
  },
} as const;

/** `url`: the test file's own `import.meta.url`. */
export async function ownRooms(kind: keyof typeof kinds, url: string): Promise<OwnRooms> {
  const { flags, door, trial } = kinds[kind];
  const inside = [...asRoot, ...flags, '--', 'sh', '-c', `${door} && exec "$@"`, 'sh'];
  const isInside = process.env[sign] === kind;
  return {
    isInside,
    skip: isInside ? false : await whyNot([...inside, ...trial]),
    async again() {
      const { NODE_TEST_CONTEXT: _, ...env } = process.env;
      const options = ['--test', '--test-reporter=spec', `--test-timeout=${timeoutMs}`];
      const child = spawn('unshare', [...inside, process.execPath, ...options, fileURLToPath(url)], {
        env: { ...env, [sign]: kind },
        stdio: ['ignore', 'pipe', 'pipe'],
      });
      let said = '';
      for (const stream of [child.stdout, child.stderr])
        stream.on('data', (chunk) => {
          said += chunk;
        });
      const [code] = await once(child, 'exit');
      if (code !== 0) throw new Error(`it ended with ${code}:\n${said}`);
    },
  };
}

async function whyNot(argv: readonly string[]): Promise<string | false> {
  if (process.platform !== 'linux') return 'it needs the namespaces of Linux';
  try {
    await run('unshare', argv);
    return false;
  } catch (error) {
    const [first] = (error as Error).message.split('\n');
    return `no rooms of its own here (${first}): apt-get install util-linux iproute2 nftables`;
  }
}
