// A chain of five services, each of which tries three times, and a last one that is dead (it answers 503): how often is it asked for one
// question? Real sockets, one process; the load is offered evenly, whatever comes back. Naive retries would ask 3^4 = 81 times. Shown are
// all tries that reached the leaf, over the questions asked at the front, in ten seconds or more.
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createService, type Service } from '@hale/sdk';
import { Pool } from 'undici';
import type { Row } from '../row.ts';

const hops = 4;
const askedPerSecond = 200;

export async function run(options: { readonly seconds: number }): Promise<readonly Row[]> {
  let reached = 0;
  const leaf = createServer((_req, res) => {
    reached++;
    res.writeHead(503).end();
  });
  const services: Service[] = [];
  try {
    let next = await portOf(leaf);
    for (let i = 0; i < hops; i++) {
      const { service, port } = await hop(next);
      services.unshift(service);
      next = port;
    }
    // A user who knows nothing of Hale: his request carries no purse.
    const user = new Pool(`http://127.0.0.1:${next}`, { connections: 256 });
    const asked = await offer(user, Math.max(10, options.seconds));
    await user.close();
    const name = `chain of five, three tries each, dead leaf (${asked} questions, ${askedPerSecond}/s)`;
    return [{ case: name, metric: 'leaf load / offered', hale: reached / asked, unit: 'x' }];
  } finally {
    leaf.closeAllConnections();
    leaf.close();
    await Promise.all(services.map((service) => service.drain()));
  }
}

async function offer(user: Pool, seconds: number): Promise<number> {
  const calls: Promise<unknown>[] = [];
  const begun = performance.now();
  const total = seconds * askedPerSecond;
  while (calls.length < total) {
    const due = Math.min(total, Math.floor(((performance.now() - begun) / 1_000) * askedPerSecond));
    while (calls.length < due) calls.push(user.request({ path: '/', method: 'GET' }).then(({ body }) => body.dump()));
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
  await Promise.allSettled(calls);
  return total;
}

async function hop(nextPort: number): Promise<{ service: Service; port: number }> {
  const env = { HALE_URL_NEXT: `http://127.0.0.1:${nextPort}` };
  const service = createService('hop', { port: 0, host: '127.0.0.1', signals: false, drainMs: 1_000, env });
  // The breaker would end it sooner: what is shown is what the purse and the budgets do alone.
  const next = service.client('next', { triesMax: 3, policy: { breaker: false } });
  // Nor shall it be: a question that a busy machine sheds would never reach the leaf.
  service.shedding(false);
  const { port } = await service.listen(async (_req, res) => {
    const reply = await next.fetch('/');
    res.writeHead(reply.status).end();
  });
  return { service, port };
}

async function portOf(server: Server): Promise<number> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return (server.address() as AddressInfo).port;
}
