// What the environment says, and what holds where it says nothing.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Environment, readSurroundings, urlVariable } from './surroundings.ts';

const cases: { name: string; env: Environment; port: number; host: string | undefined; lingerMs: number }[] = [
  { name: 'alone', env: {}, port: 3000, host: undefined, lingerMs: 0 },
  {
    name: 'under Hale on one host',
    env: { PORT: '40001', HALE_REPLICA: 'orders/1' },
    port: 40001,
    host: '127.0.0.1',
    lingerMs: 100,
  },
  {
    name: 'on Kubernetes',
    env: { PORT: '80', KUBERNETES_SERVICE_HOST: '10.0.0.1', HALE_REPLICA: 'orders/1' },
    port: 80,
    host: undefined,
    lingerMs: 5000,
  },
  { name: 'with a host of its own', env: { HOST: '::1', PORT: '' }, port: 3000, host: '::1', lingerMs: 0 },
];
for (const { name, env, ...expected } of cases) {
  test(`surroundings: ${name}`, () => {
    const { port, host, lingerMs } = readSurroundings(env, 3000);
    assert.deepEqual({ port, host, lingerMs }, expected);
  });
}

test('a PORT that is no port is named', () => {
  for (const PORT of ['http', '-1', '65536', '1.5']) {
    assert.throws(() => readSurroundings({ PORT }, 3000), {
      code: 'HALE_SDK_PORT_INVALID',
      message: `PORT is '${PORT}'`,
    });
  }
});

test('the variable of a service', () => {
  assert.equal(urlVariable('payments-eu'), 'HALE_URL_PAYMENTS_EU');
});
