// The system on the workbench, and which services a saved file concerns.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { buildGateway, buildPostgres, buildService, buildSystem } from '@hale/model/testing';
import { devSpec, reach, runsOnNode } from './dev-spec.ts';
import { concernedBy } from './source-watch.ts';

const at = (file: string) => ({ kind: 'module', file }) as const;
const services = [
  buildService({ name: 'web', uses: ['orders'], replicas: 3, program: at('/srv/shop/web/main.ts') }),
  buildService({ name: 'orders', uses: ['db', 'pay'], program: at('/srv/shop/services/orders.ts') }),
  buildService({ name: 'pay', program: at('/srv/shop/services/pay.ts') }),
  buildService({ name: 'py', program: { kind: 'command', argv: ['python3', 'py.py'] }, cwd: '/srv/shop/py' }),
];
const routes = services.map(({ name }) => ({ prefix: `/${name}`, service: name }));
const spec = buildSystem({ services, resources: [buildPostgres()], gateway: buildGateway({ workers: 2, routes }) });

describe('dev', () => {
  it('reaches what a service uses, through any number of steps', () => {
    assert.deepEqual([...reach(spec, ['web'])].sort(), ['db', 'orders', 'pay', 'web']);
  });

  it('keeps only what is worked on, one replica each, with inspectors', () => {
    const dressed = devSpec(spec, { only: 'orders', inspectors: { orders: 9229 }, ports: { orders: 21_000 } });
    assert.deepEqual(Object.keys(dressed.services), ['orders', 'pay']);
    assert.deepEqual(Object.keys(dressed.resources), ['db']);
    assert.deepEqual(
      dressed.gateway?.routes.map((route) => route.service),
      ['orders', 'pay'],
    );
    assert.deepEqual(dressed.services['orders']?.env['NODE_OPTIONS'], {
      kind: 'text',
      text: '--inspect=127.0.0.1:9229',
    });
    assert.equal(dressed.services['orders']?.port, 21_000);
    assert.equal(devSpec(spec, { only: undefined, inspectors: {}, ports: {} }).services['web']?.replicas, 1);
  });

  it('knows who runs on Node', () => assert.deepEqual(services.map(runsOnNode), [true, true, true, false]));

  const saves: [file: string, concerned: string[]][] = [
    ['/srv/shop/services/pay.ts', ['pay']],
    ['/srv/shop/services/shared/money.ts', ['orders', 'pay']],
    ['/srv/shop/web/page.html', ['web']],
    ['/srv/shop/py/py.py', ['py']],
    ['/srv/shop/services/node_modules/x/index.js', []],
    ['/srv/shop/services/pay.ts.swp', []],
    ['/srv/shop/readme.md', []],
  ];
  for (const [file, concerned] of saves) {
    it(`${file} concerns ${concerned.join(', ') || 'nobody'}`, () =>
      assert.deepEqual(concernedBy(file, services), concerned));
  }
});
