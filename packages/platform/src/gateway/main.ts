// A gateway worker: `node main.ts --listeners public:3,tls:4,svc:orders:5 --ordinal 0 --runtime DIR [--kept FILE] [--zone ZONE] [--grace MS]`.
// It inherits listening sockets as descriptors and never binds one, so that its death closes no queue. SIGTERM: it stops accepting, finishes
// what is under way within the grace, and exits 0.
import { parseArgs } from 'node:util';
import { createSystemClock, HaleError, randomSeed } from '@hale/base';
import { watchCertificate } from './certificate.ts';
import { type Door, drainDoors } from './drain.ts';
import { gatewayErrors } from './errors.ts';
import { createGatewayServer } from './server.ts';
import { createTlsServer } from './tls-server.ts';
import { GatewayWorker } from './worker.ts';
import { createStatsWriter, followFiles, statsFile } from './worker-files.ts';

const { values } = parseArgs({
  options: {
    listeners: { type: 'string', default: '' },
    ordinal: { type: 'string', default: '0' },
    runtime: { type: 'string', default: process.env['HALE_RUNTIME_DIR'] ?? '' },
    kept: { type: 'string' },
    zone: { type: 'string' },
    grace: { type: 'string', default: '10000' },
  },
});

const clock = createSystemClock();
const ordinal = Number(values.ordinal);
const worker = new GatewayWorker({ clock, seed: randomSeed(), ordinal, zone: values.zone });
const stopFollowing = followFiles(worker, clock, { runtimeDir: values.runtime, keptTable: values.kept });

const doors = parseListeners(values.listeners).map(({ name, fd }) => {
  const door = name === 'tls' ? openTlsDoor() : openDoor(name);
  door.server.listen({ fd });
  return door;
});

const writeStats = createStatsWriter(statsFile(values.runtime, ordinal));
const incarnation = process.env['HALE_INCARNATION'];
const tell = () => writeStats({ ...worker.stats(), incarnation });
tell();
// Once it drains, the file belongs to its replacement.
clock.every(250, () => {
  if (!worker.isDraining) tell();
});

for (const signal of ['SIGTERM', 'SIGINT'] as const) {
  process.on(signal, () => {
    if (worker.isDraining) return;
    drainDoors(worker, doors, { clock, graceMs: Number(values.grace) }).then(() => {
      stopFollowing();
      process.exit(0);
    });
  });
}

function openDoor(name: string): Door {
  const service = name.startsWith('svc:') ? name.slice(4) : undefined;
  return { server: createGatewayServer(worker, service), sessions: new Set() };
}

/** A certificate that cannot be used costs this door its handshakes, and no other door anything: a worker that ended would take all with it. */
function openTlsDoor(): Door {
  const door = createTlsServer(worker);
  watchCertificate({
    clock,
    files: () => worker.limits.tls,
    onCertificate: door.useCertificate,
    onBroken: ({ code, message, hint }) => process.stderr.write(`gateway: ${code}: ${message}; ${hint}\n`),
  });
  return door;
}

/** 'public:3,tls:4,svc:orders:5' as names and descriptors. */
function parseListeners(text: string): { name: string; fd: number }[] {
  const { message, hint } = gatewayErrors.HALE_PLATFORM_GATEWAY_LISTENER;
  return text.split(',').map((part) => {
    const colon = part.lastIndexOf(':');
    const fd = Number(part.slice(colon + 1));
    if (colon > 0 && Number.isInteger(fd) && fd >= 3) return { name: part.slice(0, colon), fd };
    throw new HaleError({
      code: 'HALE_PLATFORM_GATEWAY_LISTENER',
      message: `${message}: ${JSON.stringify(part)}`,
      hint,
    });
  });
}
