// A small real system for live tests: a temporary folder, a keeper, the control room that the keeper starts, and replicas that
// are tiny HTTP servers. Everything it starts ends with `close`; it waits for conditions, each with a bound.
import { randomUUID } from 'node:crypto';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { SystemSpec, SystemView } from '@hale/model';
import { buildGateway, buildService, buildSystem, type SystemParts } from '@hale/model/testing';
import { connectKeeper, runtimeDirOf, startKeeper } from '@hale/platform/process';
import type pg from 'pg';
import { controlCommand } from './command.ts';

export interface TestHouse {
  readonly root: string;
  readonly runtimeDir: string;
  api(): { readonly url: string; readonly token: string };
  get<T>(path: string): Promise<T>;
  post(path: string, body: unknown): Promise<{ status: number; text: string }>;
  view(): Promise<SystemView | undefined>;
  /** The first view that `fits`. */
  untilView(what: string, fits: (view: SystemView) => boolean): Promise<SystemView>;
  until<T>(what: string, find: () => T | undefined | false | Promise<T | undefined | false>): Promise<T>;
  /** Kills for good. Returns when the picture no longer shows them: the dead take a moment to die, and a picture is a moment old. */
  kill(...pids: (number | undefined)[]): Promise<void>;
  keeperPid(): number;
  controlPid(): number | undefined;
  declare(release: number, parts: SystemParts): void;
  log(name: string): string;
  close(): Promise<void>;
}

const untilMsMax = 60_000;

const program = `
import { createServer } from 'node:http';
if (process.env.CANARY) console.log('my secret is ' + process.env.CANARY);
createServer((request, response) => {
  if (request.url === '/die') { console.error('dying with ' + process.env.CANARY); process.exit(3); }
  response.end('pid ' + process.pid);
}).listen(Number(process.env.PORT), '127.0.0.1');
process.on('SIGTERM', () => process.exit(0));
`;

/** A service of the program above. */
export function pocketService(root: string, over: Parameters<typeof buildService>[0] = {}) {
  return buildService({ program: { kind: 'module', file: join(root, 'pocket.mjs') }, cwd: root, ...over });
}

/** Starts keeper and control; declares nothing unless `parts` says what. */
export async function openTestHouse(options: {
  readonly parts?: (root: string) => SystemParts;
  readonly env?: Readonly<Record<string, string>>;
}): Promise<TestHouse> {
  const root = mkdtempSync(join(tmpdir(), 'hale-control-'));
  const id = randomUUID();
  mkdirSync(join(root, '.hale/releases'), { recursive: true, mode: 0o700 });
  writeFileSync(join(root, '.hale/system.json'), JSON.stringify({ id, ports: {} }));
  writeFileSync(join(root, 'pocket.mjs'), program);
  const runtimeDir = runtimeDirOf(id, { HALE_RUNTIME_DIR: join(root, 'run') });
  const declare = (release: number, parts: SystemParts) => {
    const spec: SystemSpec = buildSystem({ gateway: buildGateway({ workers: 1 }), ...parts, id, root });
    writeFileSync(join(root, `.hale/releases/${release}.json`), JSON.stringify(spec));
  };
  if (options.parts !== undefined) declare(1, options.parts(root));
  const env = { ...process.env, HALE_RUNTIME_DIR: runtimeDir, ...options.env };
  const keeper = await startKeeper({ root, runtimeDir, control: controlCommand(root, env), env });
  keeper.close();
  return createHouse({ root, runtimeDir, declare });
}

function createHouse(place: Pick<TestHouse, 'root' | 'runtimeDir' | 'declare'>): TestHouse {
  const { root, runtimeDir } = place;
  const readJson = <T>(name: string) => JSON.parse(readFileSync(join(runtimeDir, name), 'utf8')) as T;
  const api = () => readJson<{ url: string; token: string }>('api.json');
  const call = (path: string, init: RequestInit = {}) => {
    const { url, token } = api();
    const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json' };
    return fetch(url + path, { ...init, headers, signal: AbortSignal.timeout(5000) });
  };
  const until: TestHouse['until'] = async (what, find) => {
    for (let left = untilMsMax; left > 0; left -= 25) {
      const found = await find();
      if (found !== undefined && found !== false) return found;
      await sleep(25);
    }
    throw new Error(`waited in vain for ${what}\n${house.log('control').slice(-3000)}\n${house.log('keeper')}`);
  };
  const view = async () => {
    try {
      const response = await call('/api/v1/system');
      return response.ok ? ((await response.json()) as SystemView) : undefined;
    } catch {
      return undefined;
    }
  };
  const processes = () =>
    readJson<{ record: { key: string; pid: number; state: string } }[]>('processes.json').map(({ record }) => record);
  const house: TestHouse = {
    ...place,
    api,
    get: async (path) => (await call(path)).json() as never,
    async post(path, body) {
      const response = await call(path, { method: 'POST', body: JSON.stringify(body) });
      return { status: response.status, text: await response.text() };
    },
    view,
    until,
    untilView: (what, fits) =>
      until(what, async () => {
        const seen = await view();
        return seen !== undefined && fits(seen) ? seen : undefined;
      }),
    async kill(...pids) {
      for (const pid of pids) process.kill(pid ?? Number.NaN, 'SIGKILL');
      await house.untilView('the dead to be known', (seen) => !seen.replicas.some(({ pid }) => pids.includes(pid)));
    },
    keeperPid: () => readJson<{ pid: number }>('keeper.json').pid,
    controlPid: () => processes().find((one) => one.key === 'control' && one.state === 'running')?.pid,
    log(name) {
      try {
        return readFileSync(join(root, '.hale/logs', `${name}.log`), 'utf8');
      } catch {
        return '';
      }
    },
    async close() {
      const keeper = await connectKeeper(runtimeDir);
      await keeper?.shutdown();
      rmSync(root, { recursive: true, force: true, maxRetries: 5 });
    },
  };
  return house;
}

/** Writes 1, 2, 3... into the table `ledger`, over a new connection whenever one breaks, and notes in `acked` what was acknowledged. Gives what ends it. */
export function keepLedger(connect: () => Promise<pg.Client>, acked: number[], pauseMs = 0): () => Promise<void> {
  let isWriting = true;
  const write = async () => {
    let client: pg.Client | undefined;
    for (let id = 1; isWriting; id++) {
      try {
        client ??= await connect();
        await client.query('insert into ledger values ($1)', [id]);
        acked.push(id);
        if (pauseMs > 0) await sleep(pauseMs);
      } catch {
        // In doubt: it may be there or not, and counts for nothing.
        await client?.end().catch(() => {});
        client = undefined;
        await sleep(20);
      }
    }
    await client?.end().catch(() => {});
  };
  const writing = write();
  return () => {
    isWriting = false;
    return writing;
  };
}
