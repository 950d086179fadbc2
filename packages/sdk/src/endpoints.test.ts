// The pocket map: which replicas it names, what it keeps when the file is torn or older, where it falls back to.
import assert from 'node:assert/strict';
import { mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { createVirtualClock } from '@hale/base/testing';
import type { Endpoint, EndpointTable, RotationState } from '@hale/model';
import { createChooser } from './chooser.ts';
import { createEndpointBook } from './endpoints.ts';

function tableOf(seq: number, states: readonly RotationState[]): EndpointTable {
  const endpoints = states.map((state, i) => ({
    service: 'orders',
    replica: `orders/${i}`,
    incarnation: `I${i}`,
    address: '127.0.0.1',
    port: 5000 + i,
    zone: 'a',
    region: 'local',
    weight: 100,
    state,
    release: 1,
  }));
  return { version: 1, system: 's', epoch: 1, seq, endpoints: endpoints as unknown as Endpoint[] };
}

test('the book follows the file, keeps the last good copy and falls back to the front', (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'hale-sdk-'));
  t.after(() => rmSync(folder, { recursive: true }));
  const tableFile = join(folder, 'table.json');
  const write = (text: string) => {
    writeFileSync(`${tableFile}.new`, text);
    renameSync(`${tableFile}.new`, tableFile);
  };
  const clock = createVirtualClock();
  const book = createEndpointBook({
    service: 'orders',
    env: { HALE_URL_ORDERS: 'http://127.0.0.1:1/' },
    clock,
    tableFile,
  });
  const chooser = createChooser({ book, clock, zone: undefined });
  const keys = () => {
    clock.advance(300);
    return [chooser.choose(undefined), chooser.choose(undefined), chooser.choose(undefined)]
      .flatMap((choice) => (choice === undefined ? [] : [choice.key]))
      .filter((key, i, keys) => keys.indexOf(key) === i)
      .sort();
  };
  assert.deepEqual(keys(), ['front'], 'no table yet');
  write(JSON.stringify(tableOf(5, ['in', 'in'])));
  assert.deepEqual(keys(), ['I0', 'I1']);
  write('{"version":1,');
  assert.deepEqual(keys(), ['I0', 'I1'], 'torn');
  write(JSON.stringify(tableOf(4, ['in'])));
  assert.deepEqual(keys(), ['I0', 'I1'], 'older');
  write(JSON.stringify(tableOf(6, ['out', 'in'])));
  assert.deepEqual(keys(), ['I1']);
  write(JSON.stringify(tableOf(7, ['out', 'out'])));
  assert.deepEqual(keys(), ['front'], 'nobody in rotation: the gateway may hold the call');
});
