// The reserve fits into what the user set, or is not set at all: a server must not refuse to start because of it.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { reservedIn } from './reserved.ts';

test('ten where there is room, nothing where it is small, set already, or cannot be read plainly', () => {
  const cases: readonly (readonly [string, number | undefined])[] = [
    ['', 10],
    ["max_connections = '100'\n", 10],
    ['max_connections=100 # (change requires restart)\n#max_connections = 5\n', 10],
    ["max_connections = 100\nmax_connections = '12'\n", undefined],
    ['MAX_CONNECTIONS 12\n', undefined],
    ['max_connections = 0x40\n', 10],
    ['max_connections = lots\n', undefined],
    ["max_connections = 100\ninclude_dir 'conf.d'\n", undefined],
    ["#include_dir = 'conf.d'\n", 10],
    ['superuser_reserved_connections = 5\n', undefined],
  ];
  for (const [text, reserved] of cases) assert.equal(reservedIn(text), reserved, text);
});
