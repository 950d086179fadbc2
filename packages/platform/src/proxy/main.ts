// The pilot: `node main.ts --listeners public:3,svc:orders:4 --runtime DIR --program JSON [--workers N] [--kept FILE] [--grace MS]`. It drives a real
// balancer that outlives it: follows table and routes, has the program do what they say, holds requests for it while no replica is up, and keeps
// the tally. SIGTERM ends the pilot alone (the next one adopts the program), or both when the system goes down or has another gateway now (going-down.ts). It never touches
// a request of the program itself.
import { mkdirSync, rmSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { createSystemClock, isHaleError, randomSeed } from '@hale/base';
import { type EndpointTable, isNewerTable, type ProxyProgramSpec } from '@hale/model';
import { watchCertificate } from '../gateway/certificate.ts';
import { type Door, drainDoors } from '../gateway/drain.ts';
import type { RoutesFile } from '../gateway/routes.ts';
import { createGatewayServer } from '../gateway/server.ts';
import { createTlsServer } from '../gateway/tls-server.ts';
import { GatewayWorker } from '../gateway/worker.ts';
import { createStatsWriter, followFiles, statsFile } from '../gateway/worker-files.ts';
import { isDismissed, isGoingDown } from './going-down.ts';
import { createInclude } from './include.ts';
import { openListeners } from './listening.ts';
import { createPilot } from './pilot.ts';
import { createProgram, programEnv, programFolder } from './programs.ts';
import type { ProxyTally } from './proxy-program.ts';
import { addTallies } from './tally.ts';
import { holdSocket, proxyConfigOf, servicesOf } from './wish.ts';

const { values } = parseArgs({
  options: {
    listeners: { type: 'string', default: '' },
    ordinal: { type: 'string', default: '0' },
    runtime: { type: 'string', default: process.env['HALE_RUNTIME_DIR'] ?? '' },
    program: { type: 'string', default: '{}' },
    workers: { type: 'string', default: '2' },
    kept: { type: 'string' },
    grace: { type: 'string', default: '10000' },
  },
});

const clock = createSystemClock();
const spec = JSON.parse(values.program) as ProxyProgramSpec;
const say = (line: string) => void process.stderr.write(`gateway: ${line}\n`);
const folder = programFolder(values.runtime, spec.kind);
mkdirSync(folder, { recursive: true, mode: 0o700 });

const handed = values.listeners.split(',').flatMap((part) => {
  const colon = part.lastIndexOf(':');
  return colon > 0 ? [{ name: part.slice(0, colon), fd: Number(part.slice(colon + 1)) }] : [];
});
const listeners = openListeners(handed);
const worker = new GatewayWorker({ clock, seed: randomSeed(), ordinal: Number(values.ordinal), zone: undefined });

let table: EndpointTable | undefined;
let routes: RoutesFile = worker.limits;
let tlsMark = '';
const wish = () => proxyConfigOf({ table, routes, listeners, workers: Number(values.workers), folder, tlsMark });
const program =
  spec.include === undefined
    ? createProgram(spec, { clock, bin: spec.bin, folder, env: programEnv(process.env), say })
    : undefined;
const pilot = createPilot({ clock, program: program ?? createInclude(spec.include!, process.cwd()), wish, say });

const stopFollowing = followFiles(
  {
    followTable(next) {
      worker.followTable(next);
      if (!isNewerTable(next, table)) return;
      table = next;
      pilot.changed();
    },
    followRoutes(next) {
      worker.followRoutes(next);
      routes = next;
      pilot.changed();
    },
  },
  clock,
  { runtimeDir: values.runtime, keptTable: values.kept },
);
watchCertificate({
  clock,
  files: () => routes.tls,
  onCertificate: () => {
    tlsMark = String(clock.mono());
    pilot.changed();
  },
  onBroken: ({ code, message, hint }) => say(`${code}: ${message}; ${hint}`),
});

const doors = program === undefined ? ownDoors() : holdDoors();
try {
  await pilot.begin();
} catch (error) {
  say(isHaleError(error) ? `${error.code}: ${error.message}; ${error.hint}` : String(error));
  process.exit(1);
}

const writeStats = createStatsWriter(statsFile(values.runtime, Number(values.ordinal)));
const incarnation = process.env['HALE_INCARNATION'];
const nothing: Promise<ProxyTally | undefined> = Promise.resolve(undefined);
const tell = async () => {
  const seen = await (program?.tally() ?? nothing).catch(() => undefined);
  if (worker.isDraining) return;
  const own = worker.stats();
  writeStats({ ...(seen === undefined ? own : addTallies(own, seen)), incarnation });
};
await tell();
let isTelling = false;
clock.every(250, () => {
  if (isTelling) return;
  isTelling = true;
  tell().finally(() => (isTelling = false));
});

let isEnding = false;
for (const signal of ['SIGTERM', 'SIGINT'] as const) {
  process.on(signal, () => {
    if (isEnding) return;
    isEnding = true;
    pilot.close();
    void end(Number(values.grace));
  });
}

async function end(graceMs: number): Promise<void> {
  const dueMs = clock.mono() + graceMs;
  // The program first, while its waiting rooms still answer; and not to the last moment, after which this process is killed.
  if (isGoingDown(values.runtime) || isDismissed(folder))
    await program?.stop(graceMs * 0.8).catch((error) => say(String(error)));
  await drainDoors(worker, doors, { clock, graceMs: Math.max(0, dueMs - clock.mono()) });
  stopFollowing();
  process.exit(0);
}

/** The waiting rooms: one socket for each service, on the same path for every pilot. */
function holdDoors(): Door[] {
  return servicesOf(listeners).map((service) => {
    const path = holdSocket(folder, service);
    rmSync(path, { force: true });
    const server = createGatewayServer(worker, service);
    server.listen(path);
    return { server, sessions: new Set() };
  });
}

/** With an NGINX of the team's own, what is declared here is served by the embedded gateway. */
function ownDoors(): Door[] {
  return handed.map(({ name, fd }) => {
    const door = name === 'tls' ? tlsDoor() : plainDoor(name);
    door.server.listen({ fd });
    return door;
  });
}

function plainDoor(name: string): Door {
  return {
    server: createGatewayServer(worker, name.startsWith('svc:') ? name.slice(4) : undefined),
    sessions: new Set(),
  };
}

function tlsDoor(): Door {
  const door = createTlsServer(worker);
  watchCertificate({
    clock,
    files: () => routes.tls,
    onCertificate: door.useCertificate,
    onBroken: ({ code, message, hint }) => say(`${code}: ${message}; ${hint}`),
  });
  return door;
}
