// The besieged server, a process of its own: node:http with Hale's admission in front and its defaults. `sleep`: eight workers, each takes a
// request for 20 ms (exponential); `cpu`: the handler computes for 25 ms and holds the event loop. It tells its port to its parent, and ends with it.
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createSystemClock } from '@hale/base';
import { createAdmission, type Priority } from '@hale/resilience';

const kind = process.argv[2] === 'cpu' ? 'cpu' : 'sleep';
const workers = 8;
const clock = createSystemClock();
const admission = createAdmission({ clock, unit: Math.random, defer: (fn) => void setImmediate(fn) });
const queue: (() => void)[] = [];
let busy = 0;

function sleep(done: () => void): void {
  if (busy >= workers) {
    queue.push(done);
    return;
  }
  busy++;
  clock.after(-Math.log(1 - Math.random()) * 20, () => {
    busy--;
    const next = queue.shift();
    if (next !== undefined) sleep(next);
    done();
  });
}

function compute(done: () => void): void {
  const untilMs = clock.mono() + 25;
  while (clock.mono() < untilMs);
  done();
}

const work = kind === 'cpu' ? compute : sleep;
const server = createServer((req, res) => {
  const ticket = admission.enter({
    priority: (req.headers['x-hale-priority'] ?? 'normal') as Priority,
    deadlineMs: Number.POSITIVE_INFINITY,
    begin: () =>
      work(() => {
        res.end('done');
        // A handler that computes has ended before `enter` gives the ticket.
        setImmediate(() => ticket.leave('ok'));
      }),
    refuse: () => {
      res.writeHead(503).end();
    },
  });
});
process.on('disconnect', () => process.exit(0));
server.listen(0, '127.0.0.1', () => process.send?.((server.address() as AddressInfo).port));
