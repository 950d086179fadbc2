// Text in, text out: advice for TypeScript, files of variables, names of variables.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseEnvText } from './environment.ts';
import { typescriptAdvice } from './last-words.ts';
import { otherPortReason } from './other-port.ts';
import { constantCase, withPreload } from './service-launcher.ts';

const advice: readonly [words: string, expected: RegExp | undefined][] = [
  [
    'SyntaxError [ERR_UNSUPPORTED_TYPESCRIPT_SYNTAX]: TypeScript enum is not supported',
    /enums.*'npx', 'tsx', 'main\.ts'/,
  ],
  ['file:///main.ts:3\n@Injectable()\n^\nSyntaxError: Invalid or unexpected token', /decorators/],
  ["Error [ERR_MODULE_NOT_FOUND]: Cannot find package '@/db' imported from", /path aliases/],
  ["Error [ERR_MODULE_NOT_FOUND]: Cannot find module '/app/db' imported from", /ending in an import/],
  ["Error [ERR_MODULE_NOT_FOUND]: Cannot find package 'express' imported from", /npm install express\. If/],
  ['TypeError: x is not a function', undefined],
];
for (const [words, expected] of advice)
  test(`advice for: ${words.slice(0, 60)}`, () => {
    const found = typescriptAdvice(words, 'main.ts');
    if (expected === undefined) assert.equal(found, undefined);
    else assert.match(found ?? '', expected);
  });

test('a file of variables: comments, quotes, export, spaces', () => {
  const text = '# no\nA=1\nexport B = two words \nC="q=r"\n D=\'x\'\nbad line\nE=\n';
  assert.deepEqual(parseEnvText(text), { A: '1', B: 'two words', C: 'q=r', D: 'x', E: '' });
});

test('names and options', () => {
  assert.equal(constantCase('order-book'), 'ORDER_BOOK');
  const once = withPreload('--max-old-space-size=100');
  assert.match(once, /^--max-old-space-size=100 --import=.*preload\.mjs$/);
  assert.equal(withPreload(once), once);
  assert.equal(
    otherPortReason([3000], 41234),
    'listens on 3000 but was told PORT=41234: read process.env.PORT or declare `port: 3000`',
  );
});
