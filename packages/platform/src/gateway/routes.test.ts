// The signpost in its corners: longest prefix, whole segments, and what a declaration without a gateway gives.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createRouter } from './routes.ts';

test('longest prefix, at the end of a segment', () => {
  const route = createRouter([
    { prefix: '/', service: 'front' },
    { prefix: '/orders', service: 'orders' },
    { prefix: '/orders/admin/', service: 'admin' },
  ]);
  const table: readonly [string, string][] = [
    ['/', 'front'],
    ['/orders', 'orders'],
    ['/orders?x=1', 'orders'],
    ['/orders/7', 'orders'],
    ['/ordersx', 'front'],
    ['/orders/admin', 'orders'],
    ['/orders/admin/x', 'admin'],
    ['/ORDERS', 'front'],
  ];
  for (const [url, service] of table) assert.equal(route(url), service, url);
  assert.equal(createRouter([{ prefix: '/a', service: 'a' }])('/b'), undefined);
});
