// What NGINX says of itself and of its requests, read back: its build, and the lines of its witness.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createVirtualClock } from '@hale/base/testing';
import type { ProxyService } from '../proxy-program.ts';
import { createRider } from './gait.ts';
import { readBuild } from './version.ts';
import { createBook } from './witness.ts';

test('a build is read from -V, and one too old is refused', () => {
  const build = readBuild('nginx version: nginx/1.22.1\nconfigure arguments: --without-http_scgi_module', 'nginx');
  assert.deepEqual(build, {
    version: [1, 22, 1],
    dialect: { http2Directive: false, tempPaths: ['client_body', 'proxy', 'fastcgi', 'uwsgi'] },
    namesErrorLog: true,
  });
  assert.equal(readBuild('nginx/1.25.1', 'nginx').dialect.http2Directive, true);
  assert.throws(() => readBuild('nginx/1.16.1', 'nginx'), { code: 'HALE_PLATFORM_PROXY_TOO_OLD' });
  assert.throws(() => readBuild('Apache/2.4', 'nginx'), { code: 'HALE_PLATFORM_PROXY_MISSING' });
});

test('the book counts tries by replica, answers by service, and what was sent again', () => {
  const book = createBook(createVirtualClock());
  const member = (incarnation: string, port: number) => ({ incarnation, port, address: '127.0.0.1', weight: 100 });
  const service = {
    name: 'orders',
    idempotencyKeys: false,
    holdSocket: '/x',
    members: [member('A', 1), member('B', 2)],
  };
  book.know([service as unknown as ProxyService]);
  const head = '<190>Nov 22 08:00:00 hale: ';
  book.note(`${head}20 200 0.010 hale_orders [127.0.0.1:1] [200]`);
  book.note(`${head}1 200 0.020 hale_orders [127.0.0.1:1, 127.0.0.1:2] [502, 200]`);
  book.note(`${head}1 502 0.020 hale_orders [127.0.0.1:2] [502]`);
  book.note('what is this');
  const { totals, replicas, perUnit } = book.tally();
  assert.deepEqual([totals.requests, totals.failed, totals.retried], [22, 1, 1]);
  assert.deepEqual([replicas['A']?.requests, replicas['A']?.errors], [21, 1]);
  assert.deepEqual([replicas['B']?.requests, replicas['B']?.errors], [2, 1]);
  assert.deepEqual([perUnit['orders']?.requests, perUnit['orders']?.failed], [22, 1]);
});

test('a busier gait is taken at once, a slower one after a quiet while, and a text tells which it was drawn for', () => {
  const rider = createRider('');
  const told = (ratePerS: number, nowMs: number) => rider.look(ratePerS, nowMs).tellEvery;
  const seen = [told(100, 0), told(500, 1000), told(20_000, 2000), told(0, 3000), told(3000, 17_000), told(0, 18_000)];
  assert.deepEqual(
    [...seen, told(1000, 33_000), told(10, 34_000), told(10, 49_000)],
    [...[1, 20, 200, 200, 200, 200], ...[20, 20, 1]],
  );
  assert.equal(createRider('split_clients $x $hale_dice {\n  0.50% 1;\n').gait.lookEvery, 8);
});
