// The door with real requests: what is refused was not begun, probes pass, the switch works while the service runs.
import assert from 'node:assert/strict';
import { request } from 'node:http';
import { test } from 'node:test';
import { createService } from './service.ts';

function ask(port: number, path: string, headers: Record<string, string> = {}) {
  return new Promise<{ status: number; refused: unknown; retryAfter: unknown }>((resolve, reject) => {
    const call = request({ port, host: '127.0.0.1', path, headers, agent: false }, (res) => {
      res.resume().on('end', () =>
        resolve({
          status: res.statusCode ?? 0,
          refused: res.headers['x-hale-refused'],
          retryAfter: res.headers['retry-after'],
        }),
      );
    });
    call.on('error', reject).end();
  });
}

test('more than can be done: the rest is refused before it is begun, and told to come again', async (t) => {
  const service = createService('it', { port: 0, host: '127.0.0.1', signals: false, env: {}, drainMs: 500 });
  let begun = 0;
  const { port } = await service.listen((_req, res) => {
    begun++;
    setTimeout(() => res.end(), 15);
  });
  t.after(() => service.drain());
  service.shedding({ min: 1, initial: 1, max: 1 });
  const crowd = Array.from({ length: 60 }, () => ask(port, '/', { 'x-hale-priority': 'sheddable' }));
  const [probe, ...answers] = await Promise.all([ask(port, '/readyz'), ...crowd]);
  assert.equal(probe.status, 200, 'a probe is never shed');
  const served = answers.filter(({ status }) => status === 200);
  const shed = answers.filter(({ status }) => status === 503);
  assert.equal(served.length + shed.length, 60);
  assert.ok(shed.length > 0);
  assert.equal(begun, served.length, 'what was refused was not begun');
  for (const { refused, retryAfter } of shed) assert.deepEqual([refused, retryAfter], ['shed', '1']);
  assert.throws(() => service.shedding({ min: -1 }), { code: 'HALE_RESILIENCE_SETTINGS' });
  service.shedding(false);
  const all = await Promise.all(Array.from({ length: 60 }, () => ask(port, '/')));
  assert.ok(all.every(({ status }) => status === 200));
});
