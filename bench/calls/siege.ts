// Ten times overload on a real service of the sdk in another process, nothing tuned: its capacity is measured first (eight workers of 20 ms;
// a handler that computes for 25 ms), the load is open-loop over loopback from here. Two cores carry both sides and whatever
// else runs, so these are a witness to the simulated table, not its replacement. A caller gives up after two seconds and does not ask again.
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { Agent, get } from 'node:http';
import { fileURLToPath } from 'node:url';
import type { Row } from '../row.ts';

const capacities = { sleep: 400, cpu: 40 };
const tickMs = 5;
const patienceMs = 2000;

interface Tally {
  readonly answered: number;
  readonly p99Ms: number;
  readonly criticalShare: number;
}

export async function run({ seconds }: { readonly seconds: number }): Promise<readonly Row[]> {
  const rows: Row[] = [];
  for (const [kind, nominal] of Object.entries(capacities)) {
    const server = fork(fileURLToPath(new URL('./siege/server.ts', import.meta.url)), [kind]);
    try {
      const [port] = (await once(server, 'message')) as [number];
      const capacity = await capacityOf(port, kind === 'cpu' ? 2 : 16);
      const calm = await besiege(port, { perSecond: capacity * 0.3, seconds: Math.max(3, seconds) });
      await besiege(port, { perSecond: capacity * 10, seconds: 3 });
      const siege = await besiege(port, { perSecond: capacity * 10, seconds: Math.max(5, seconds) });
      const name = `10 x overload, createService, ${kind === 'cpu' ? 'handler computes 25 ms' : '8 workers of 20 ms'}`;
      const head = { case: name, peerName: 'unloaded (0.3 x)' };
      const goodput = (siege.answered / Math.max(5, seconds) / capacity) * 100;
      rows.push({
        case: name,
        metric: 'capacity as measured',
        hale: capacity,
        peer: nominal,
        peerName: 'by construction',
        unit: 'requests/s',
      });
      rows.push({ case: name, metric: 'goodput', hale: goodput, unit: '% of capacity' });
      rows.push({
        ...head,
        metric: 'admitted p99',
        hale: siege.p99Ms,
        peer: calm.p99Ms,
        ratio: calm.p99Ms / siege.p99Ms,
        unit: 'ms',
      });
      rows.push({ case: name, metric: 'critical success', hale: siege.criticalShare * 100, unit: '%' });
    } finally {
      server.disconnect();
      await once(server, 'exit');
    }
  }
  return rows;
}

/** What the server can do on this machine as it is now: `callers` who ask again as soon as they are answered, for three seconds. */
async function capacityOf(port: number, callers: number): Promise<number> {
  const agent = new Agent({ keepAlive: true, maxSockets: callers });
  const untilMs = performance.now() + 3000;
  let answered = 0;
  const call = async () => {
    while (performance.now() < untilMs) {
      const [res] = await once(get({ port, host: '127.0.0.1', agent }), 'response');
      res.resume();
      await once(res, 'end');
      if (res.statusCode === 200) answered++;
    }
  };
  await Promise.all(Array.from({ length: callers }, call));
  agent.destroy();
  return answered / 3;
}

/** Requests by the clock, whether or not the earlier ones were answered; one in twenty is critical. */
async function besiege(port: number, load: { readonly perSecond: number; readonly seconds: number }): Promise<Tally> {
  const agent = new Agent({ keepAlive: true, maxSockets: 400 });
  const latencies: number[] = [];
  const critical = { asked: 0, answered: 0 };
  const pending = new Set<Promise<void>>();
  const ask = (number: number) => {
    const isCritical = number % 20 === 0;
    if (isCritical) critical.asked++;
    const beganMs = performance.now();
    const priority = isCritical ? 'critical' : number % 3 === 0 ? 'normal' : 'sheddable';
    const asked = new Promise<void>((resolve) => {
      const req = get({
        port,
        host: '127.0.0.1',
        agent,
        timeout: patienceMs,
        headers: { 'x-hale-priority': priority },
      });
      req.on('response', (res) => {
        res.resume();
        res.on('end', () => {
          if (res.statusCode === 200) latencies.push(performance.now() - beganMs);
          if (res.statusCode === 200 && isCritical) critical.answered++;
          resolve();
        });
      });
      req.on('timeout', () => req.destroy());
      req.on('error', () => resolve());
    });
    pending.add(asked);
    void asked.then(() => pending.delete(asked));
  };
  const beganMs = performance.now();
  for (let sent = 0; performance.now() - beganMs < load.seconds * 1000; ) {
    const due = ((performance.now() - beganMs) / 1000) * load.perSecond;
    for (; sent < due; sent++) ask(sent);
    await new Promise((resolve) => setTimeout(resolve, tickMs));
  }
  const answered = latencies.length;
  await Promise.all(pending);
  agent.destroy();
  const p99Ms = latencies.sort((a, b) => a - b)[Math.floor(0.99 * latencies.length)] ?? Number.NaN;
  return { answered, p99Ms, criticalShare: critical.answered / critical.asked };
}
