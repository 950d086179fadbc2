// A relay: `node main.ts --listeners db:orders:3,db-ro:orders:4 --ordinal 0 --runtime DIR [--kept FILE] [--grace MS] [--hold MS] [--silent MS]`.
// It inherits listening sockets as descriptors and never binds one, so that its death closes no queue. SIGTERM: it stops accepting, leaves
// connections their grace, and exits 0. It writes nothing but its tally, and asks nobody but the nodes, and those only whether the wire carries.
import { createServer, type Server } from 'node:net';
import { parseArgs } from 'node:util';
import { assert, type Clock, createSystemClock } from '@hale/base';
import { createStatsWriter, followTableFile } from '../gateway/worker-files.ts';
import { type RelayStats, relayStatsFile } from './stats.ts';
import { defaultRelayLimits, RelayWorker } from './worker.ts';

const { values } = parseArgs({
  options: {
    listeners: { type: 'string', default: '' },
    ordinal: { type: 'string', default: '0' },
    runtime: { type: 'string', default: process.env['HALE_RUNTIME_DIR'] ?? '' },
    kept: { type: 'string' },
    grace: { type: 'string', default: '5000' },
    hold: { type: 'string', default: String(defaultRelayLimits.holdMs) },
    silent: { type: 'string', default: String(defaultRelayLimits.silentMs) },
  },
});

const clock = createSystemClock();
const ordinal = Number(values.ordinal);
const worker = new RelayWorker({
  clock,
  ordinal,
  limits: { holdMs: Number(values.hold), silentMs: Number(values.silent) },
});
const servers = values.listeners.split(',').map(openListener);
const stopFollowing = followTableFile((table) => worker.followTable(table), clock, {
  ...{ runtimeDir: values.runtime, keptTable: values.kept, who: 'relay' },
});

const writeStats = createStatsWriter<RelayStats>(relayStatsFile(values.runtime, ordinal), 'relay');
const incarnation = process.env['HALE_INCARNATION'];
const tell = () => writeStats({ ...worker.stats(), incarnation });
tell();
// Once it drains, the file belongs to its replacement.
clock.every(250, () => {
  if (!worker.isDraining) tell();
});

for (const signal of ['SIGTERM', 'SIGINT'] as const) process.on(signal, leave);

/** 'db:orders:3': the desk of a name, and the descriptor of its socket. */
function openListener(text: string): Server {
  const [kind, database, fd] = text.split(':');
  const purpose = kind === 'db' ? 'write' : 'read';
  assert((kind === 'db' || kind === 'db-ro') && Number(fd) >= 3, `a listener of a relay: ${text}`);
  const desk = worker.openDesk(database!, purpose);
  const server = createServer({ allowHalfOpen: true, pauseOnConnect: true });
  server.on('connection', (client) => worker.receive(desk, client));
  server.listen({ fd: Number(fd) });
  return server;
}

function leave(): void {
  if (worker.isDraining) return;
  worker.isDraining = true;
  for (const server of servers) server.close();
  whenEmpty(clock, Number(values.grace)).then(() => {
    worker.close();
    stopFollowing();
    process.exit(0);
  });
}

/** Looks now and then: connections end by the client's doing, and nothing else is to be done meanwhile. */
function whenEmpty(at: Clock, graceMs: number): Promise<void> {
  const untilMs = at.mono() + graceMs;
  return new Promise((resolve) => {
    const look = () => {
      if (worker.size === 0 || at.mono() >= untilMs) resolve();
      else at.after(25, look);
    };
    look();
  });
}
