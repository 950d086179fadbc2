// Control as a real process under a real keeper, with real replicas: heals, survives its own death and its keeper's, hands over,
// follows a new release, and keeps secrets to itself.
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import type { FeedLine, SystemView } from '@hale/model';
import { openTestHouse, pocketService, type TestHouse } from './control/testing.ts';

const canary = 'canary-7f3a-do-not-tell';
const pids = (view: SystemView) => view.replicas.map((one) => one.pid);
const isHealthy = (view: SystemView) =>
  view.state === 'healthy' && view.replicas.every((one) => one.phase === 'serving');

describe('control, live', () => {
  let house: TestHouse;
  before(async () => {
    const secret = { CANARY: { kind: 'secret', name: 'CANARY' } } as const;
    house = await openTestHouse({
      parts: (root) => ({ services: [pocketService(root, { replicas: 2, env: secret })] }),
      env: { CANARY: canary },
    });
    await house.untilView(
      'two replicas and a gateway that serve',
      (view) => view.replicas.length === 3 && isHealthy(view),
    );
  });
  after(() => house.close());

  it('a killed replica comes back, and the story tells it', async () => {
    const before = await house.untilView('health', isHealthy);
    const victim = before.replicas.find((one) => one.replica === 'orders/0');
    process.kill(victim?.pid ?? Number.NaN, 'SIGKILL');
    const healed = await house.untilView(
      'another pid',
      (view) => isHealthy(view) && !pids(view).includes(victim?.pid) && view.incidents.length > 0,
    );
    assert.equal(healed.replicas.length, 3);
    const feed = await house.get<FeedLine[]>('/api/v1/feed?after=0&limit=1000');
    assert.ok(
      feed.some((line) => line.replica === 'orders/0' && /SIGKILL/.test(line.text)),
      JSON.stringify(feed),
    );
  });

  it('a replica that dies with a secret on its lips is healed like any other', async () => {
    const before = await house.untilView('health', isHealthy);
    const victim = before.replicas.find((one) => one.replica === 'orders/1');
    await fetch(`http://127.0.0.1:${victim?.port}/die`).catch(() => {});
    await house.untilView('another pid', (view) => isHealthy(view) && !pids(view).includes(victim?.pid));
    await house.until('its last words', async () =>
      JSON.stringify(await house.get('/api/v1/journal?after=0&limit=1000')).includes('dying with [secret]'),
    );
  });

  it('INV-08: control killed: nothing is restarted, and its successor adopts', async () => {
    const before = await house.untilView('health', isHealthy);
    process.kill(house.controlPid() ?? Number.NaN, 'SIGKILL');
    const next = await house.untilView('a new epoch', (view) => view.epoch > before.epoch && isHealthy(view));
    assert.deepEqual(pids(next), pids(before));
  });

  it('the keeper killed: control starts another, and the replicas stay', async () => {
    const before = await house.untilView('health', isHealthy);
    const old = house.keeperPid();
    process.kill(old, 'SIGKILL');
    await house.until('another keeper', () => house.keeperPid() !== old);
    const next = await house.untilView('health', isHealthy);
    assert.deepEqual(pids(next), pids(before));
    const victim = next.replicas.find((one) => one.replica === 'orders/1')?.pid ?? Number.NaN;
    process.kill(victim, 'SIGKILL');
    await house.untilView('it still heals', (view) => isHealthy(view) && !pids(view).includes(victim));
  });

  it('SIGTERM is a hand-over: a snapshot, the same replicas, a higher epoch', async () => {
    const before = await house.untilView('health', isHealthy);
    process.kill(house.controlPid() ?? Number.NaN, 'SIGTERM');
    const next = await house.untilView('a new epoch', (view) => view.epoch > before.epoch && isHealthy(view));
    assert.deepEqual(pids(next), pids(before));
    assert.match(house.log('control'), /handed over/);
  });

  it('an order is followed', async () => {
    const before = await house.untilView('health', isHealthy);
    const order = { kind: 'restart', unit: 'orders', replica: 'orders/0' };
    const answer = await house.post('/api/v1/orders', { order });
    assert.equal(answer.status, 202, answer.text);
    const old = before.replicas.find((one) => one.replica === 'orders/0')?.pid;
    await house.untilView('a new process', (view) => isHealthy(view) && !pids(view).includes(old));
  });

  it('a new release with a new service is followed', async () => {
    house.declare(2, {
      services: [pocketService(house.root, { replicas: 2 }), pocketService(house.root, { name: 'extra' })],
    });
    const answer = await house.post('/api/v1/declare', { release: 2 });
    assert.equal(answer.status, 202, answer.text);
    await house.untilView(
      'the new service',
      (view) => view.release === 2 && isHealthy(view) && view.replicas.some((one) => one.unit === 'extra'),
    );
  });

  it('INV-12: a secret that a replica says aloud is in no journal, log of ours or answer', async () => {
    for (const file of readdirSync(join(house.root, '.hale'))) {
      if (!/\.db/.test(file)) continue;
      assert.ok(!readFileSync(join(house.root, '.hale', file)).includes(canary), file);
    }
    assert.ok(house.log('orders-0').includes(canary), 'the canary has sung');
    assert.ok(!house.log('control').includes(canary) && !house.log('keeper').includes(canary));
    for (const path of [
      'system',
      'feed?after=0&limit=1000',
      'journal?after=0&limit=1000',
      'logs/orders%2F0?tail=100',
    ]) {
      assert.ok(!JSON.stringify(await house.get(`/api/v1/${path}`)).includes(canary), path);
    }
  });

  it('the stream shows the picture, and answers only who has the token', async () => {
    const { url, token } = house.api();
    assert.equal((await fetch(`${url}/api/v1/stream`)).status, 401);
    const abort = new AbortController();
    const response = await fetch(`${url}/api/v1/stream?after=0`, {
      headers: { authorization: `Bearer ${token}` },
      signal: abort.signal,
    });
    let text = '';
    for await (const chunk of response.body ?? []) {
      text += Buffer.from(chunk).toString();
      if (['view', 'feed', 'traffic'].every((name) => text.includes(`event: ${name}\n`))) break;
    }
    abort.abort();
  });
});
