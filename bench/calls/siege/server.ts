// The besieged server, a process of its own: a service of @hale/sdk as `createService` makes it, nothing set. `sleep`: eight workers, each takes a
// request for 20 ms (exponential); `cpu`: the handler computes for 25 ms and holds the event loop. It tells its port to its parent, and ends with it.
import { createSystemClock } from '@hale/base';
import { createService } from '@hale/sdk';

const kind = process.argv[2] === 'cpu' ? 'cpu' : 'sleep';
const workers = 8;
const clock = createSystemClock();
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
const service = createService('besieged', { port: 0, host: '127.0.0.1', signals: false, env: {} });
const { port } = await service.listen((_req, res) => work(() => void res.end('done')));
process.on('disconnect', () => process.exit(0));
process.send?.(port);
