// Pointing at lines of one file that has everything a person may write.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { locateProblem } from './locate.ts';

const source = `import { defineSystem, service } from 'hale';
// services: { orders: a comment is no place }
const storefront = service({
  run: 'storefront.ts', // it's quoted: {
  uses: ['orders', 'paymets'],
});
const services = {
  storefront,
  orders: service({
    command: ['node', 'services: {'],
    env: { MODE: \`\${1}\`, 'QUOTED': '1' },
    probes: {
      ready: { http: '/up', every: '1x' },
    },
  }),
};
export default defineSystem({
  name: 'shop',
  services,
  gateway: { port: 8080,
    routes: {
      '/': 'storefront',
      "/orders": 'ordres',
    },
  },
});
`;

const table: readonly (readonly [string, number | undefined])[] = [
  ['', 17],
  ['name', 18],
  ['services', 19],
  ['services.storefront', 8],
  ['services.storefront.uses[1]', 5],
  ['services.storefront.run', 4],
  ['services.orders', 9],
  ['services.orders.command[1]', 10],
  ['services.orders.env.QUOTED', 11],
  ['services.orders.probes.ready.every', 13],
  ['services.orders.hang.after', 9],
  ['gateway.port', 20],
  ['gateway.routes["/orders"]', 23],
  ['regions', undefined],
];

for (const [path, line] of table) {
  test(`${path === '' ? 'the whole' : path} stands on line ${line}`, () =>
    assert.equal(locateProblem(source, path), line));
}

const odd: readonly (readonly [string, string, number | undefined])[] = [
  ['a plain default export', 'export default {\n  name: 1,\n};', 2],
  ['a named default export', 'const s = {\n  name: 1,\n};\nexport default s;', 2],
  ['unfinished text', 'export default defineSystem({\n  name: "sh', 2],
  ['no system at all', 'hello', undefined],
  ['nothing', '', undefined],
];

for (const [what, text, line] of odd) test(`looking in ${what}`, () => assert.equal(locateProblem(text, 'name'), line));
