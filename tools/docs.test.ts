// The pages keep their word: every declaration shown in them parses, every link leads somewhere, every field of the declaration
// is explained and no other, every path of the API is named.
import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import { apiPaths, parseOrderRequest } from '@hale/model';
import { parseSystem } from '@hale/model/parse';
import * as hale from 'hale';
import { listFiles, repository } from './source.ts';

const read = (path: string) => readFileSync(join(repository, path), 'utf8');
const pages = listFiles(['.md']).filter((path) => existsSync(join(repository, path)));

/** Blocks marked ts whose first line names the file hale.config.ts. */
function declarationsOf(page: string): readonly string[] {
  return [...read(page).matchAll(/```ts\n(\/\/ hale\.config\.ts\n[\s\S]*?)```/g)].map((match) => match[1] ?? '');
}

/** What the declaration in `source` (plain JavaScript) gives; its only import is `hale`, whose names are handed in. */
function evaluate(source: string): unknown {
  const [, names = ''] = /import \{([^}]*)\} from 'hale';/.exec(source) ?? [];
  const body = source.replace(/import .* from 'hale';/, '').replace('export default', 'return');
  return new Function('hale', `const {${names}} = hale; ${body}`)(hale);
}

test('every declaration shown in a page parses without an error', () => {
  const shown = pages.flatMap((page) => declarationsOf(page).map((source) => ({ page, source })));
  assert.ok(shown.length >= 3, `${shown.length} declarations found`);
  for (const { page, source } of shown) {
    const id = '00000000-0000-4000-8000-000000000000';
    const { value, problems } = parseSystem(evaluate(source), { root: '/srv/app', id });
    assert.deepEqual(problems, [], page);
    assert.ok(value !== undefined, page);
  }
});

test('every relative link of a page leads to a file', () => {
  const broken = pages.flatMap((page) => {
    const text = read(page).replace(/```[\s\S]*?```/g, '');
    const targets = [...text.matchAll(/\]\(([^)\s]+)\)/g)].map((match) => match[1] ?? '');
    return targets
      .filter((target) => !/^[a-z]+:|^#/.test(target))
      .filter((target) => !existsSync(join(repository, dirname(page), target.replace(/#.*/, ''))))
      .map((target) => `${page}: ${target}`);
  });
  assert.deepEqual(broken, []);
});

/** Fields of an interface as the page writes them: 'run', 'hang.after'. */
function fieldsOf(source: string, name: string): readonly string[] {
  const [, body = ''] = new RegExp(`interface ${name}\\b[^{]*\\{\\n([\\s\\S]*?)\\n\\}`).exec(source) ?? [];
  return body.split('\n').flatMap((line) => {
    const [, field, type = ''] = /^ {2}readonly (\w+)\??: (.*)/.exec(line) ?? [];
    if (field === undefined) return [];
    const inner = [...type.matchAll(/readonly (\w+)\?:/g)].map((match) => `${field}.${match[1]}`);
    return inner.length > 0 ? inner : [field];
  });
}

function rowsUnder(page: string, heading: string): readonly string[] {
  const [, section = ''] = new RegExp(`^## ${heading}\\n([\\s\\S]*?)(?=^## |$(?![\\s\\S]))`, 'm').exec(page) ?? [];
  return [...section.matchAll(/^\| `([\w.]+)` \|/gm)].map((match) => match[1] ?? '');
}

test('the page of the declaration explains every field of the code, and no other', () => {
  const source = read('packages/model/src/declaration.ts');
  const page = read('docs/reference/declaration.md');
  const sections: Readonly<Record<string, readonly string[]>> = {
    defineSystem: fieldsOf(source, 'SystemDeclaration'),
    service: ['run', 'command', ...fieldsOf(source, 'ServiceFields')],
    probes: ['ProbesOptions', 'ProbeOptions', 'StartupProbeOptions'].flatMap((name) => fieldsOf(source, name)),
    postgres: fieldsOf(source, 'PostgresOptions'),
    backup: fieldsOf(source, 'BackupOptions'),
    gateway: fieldsOf(source, 'GatewayOptions'),
    tls: fieldsOf(source, 'TlsOptions'),
    'nginx and haproxy': ['ProxyOptions', 'NginxOptions'].flatMap((name) => fieldsOf(source, name)),
  };
  for (const [heading, fields] of Object.entries(sections)) {
    assert.ok(fields.length > 1, heading);
    assert.deepEqual([...rowsUnder(page, heading)].sort(), [...fields].sort(), heading);
  }
});

test('the page of the API names every path and every order of the code, and no other', () => {
  const page = read('docs/reference/api.md');
  const server = read('packages/control/src/api/server.ts');
  const paths = [...Object.values(apiPaths), ...[...server.matchAll(/'(\/(?:api|healthz)[^']*)'/g)].map((m) => m[1])];
  const known = new Set(paths.filter((path) => path !== '/api/'));
  const named = new Set(
    [...page.matchAll(/(?:GET|POST) (\/[\w/:]+)|`(\/api\/v1\/logs\/:replica)`/g)].map((m) => m[1] ?? m[2]),
  );
  assert.deepEqual([...named].sort(), [...known].sort());
  const [, kinds = ''] = /const fieldsOf[^{]*\{([^}]*)\}/.exec(read('packages/model/src/api.ts')) ?? [];
  const orders = [...kinds.matchAll(/(\w+): \[/g)].map((match) => match[1]);
  const rows = [...page.matchAll(/^\| `(\{ "kind": "(\w+)".*?\})` \|/gm)];
  for (const [, order = ''] of rows)
    assert.deepEqual(parseOrderRequest({ order: JSON.parse(order) }).problems, [], order);
  const shown = rows.map((row) => row[2]);
  assert.deepEqual(shown.sort(), orders.sort());
});
