// What a person may get wrong, or find broken, on the way back: each is said with the next thing to type, and nothing is touched. No
// database is needed for any of it.
import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { after, before, describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { createSystemClock } from '@hale/base';
import { createFileStore, openHouseVault, takeHouse } from '@hale/platform/postgres';
import type { Host } from '../host.ts';
import { commands } from '../main.ts';
import { runProgram } from '../program.ts';
import { createTerminal } from '../terminal/terminal.ts';

/** A door that nobody opens. */
const away = {
  HALE_S3_ENDPOINT: 'http://127.0.0.1:9',
  AWS_ACCESS_KEY_ID: 'a',
  AWS_SECRET_ACCESS_KEY: 'b',
  AWS_REGION: 'us-east-1',
  AWS_MAX_ATTEMPTS: '1',
};

const declaration = `import { defineSystem, objectStore, postgres, service } from 'hale';
export default defineSystem({
  name: 'shop',
  resources: { vault: objectStore({ url: 's3://vault/p' }), db: postgres({ backup: { to: 'vault' } }), plain: postgres() },
  services: { web: service({ run: 'web.ts' }) },
});
`;

describe('wrong input on the way back', () => {
  const clock = createSystemClock();
  const [folder, store] = ['hale-wrong-', 'hale-store-'].map((name) => mkdtempSync(join(tmpdir(), name))) as [
    string,
    string,
  ];
  before(async () => {
    mkdirSync(join(folder, 'node_modules'));
    symlinkSync(fileURLToPath(new URL('../..', import.meta.url)), join(folder, 'node_modules', 'hale'));
    writeFileSync(join(folder, 'hale.config.ts'), declaration);
    writeFileSync(join(folder, 'web.ts'), '');
    for (const system of ['shop', 'other']) {
      const files = [{ path: 'hale.config.ts', mode: 0o600, content: Buffer.from('export default 1;') }];
      const vault = openHouseVault(createFileStore(store), system);
      const about = {
        system,
        root: '/nowhere',
        config: 'hale.config.ts',
        secrets: [],
        leftOut: [],
        store: 'file:vault',
      };
      await takeHouse({ vault, clock, system, keyName: '', files, about });
    }
  });
  after(() => {
    for (const one of [folder, store]) rmSync(one, { recursive: true, force: true });
  });
  const expect = async (line: string, code: number, says: RegExp) => {
    const [stdout, stderr] = [new PassThrough(), new PassThrough()];
    const terminal = createTerminal({ stdout, stderr, env: {} });
    const host: Host = { terminal, clock, env: away, cwd: folder, onInterrupt: () => () => {} };
    const ended = await runProgram(host, line.replace('STORE', store).split(' '), commands);
    const said = `${stdout.read() ?? ''}${stderr.read() ?? ''}`;
    assert.match(said, says, line);
    assert.equal(ended, code, said);
  };

  const rows: readonly [line: string, code: number, says: RegExp][] = [
    ['dr dance', 2, /nothing that hale dr does[\s\S]*plan or status/],
    ['drill run dr --bare', 2, /--from file:/],
    ['drill run dr --bare --from ftp://x', 1, /no store that Hale knows/],
    ['drill run dr --bare --from file:STORE', 2, /several systems[\s\S]*--system other/],
    ['drill run dr --bare --from file:STORE --system none', 1, /there is no house none/],
    [
      'drill run dr --bare --from file:STORE --system shop',
      1,
      /no lockfile[\s\S]*the declaration[\s\S]*dr-bare: failed/,
    ],
    ['restore --house --into shop', 2, /--from s3:/],
    ['restore --house --from file:STORE --system shop --into new', 2, /into a folder/],
    ['restore db --to 2026-11-22', 2, /no place to restore to[\s\S]*2026-11-22T04:00:00Z/],
    ['restore nothing', 1, /no database of shop/],
    // The store is down: the runbook is printed all the same, and what is exposed is said.
    ['backup list', 1, /127\.0\.0\.1:9[\s\S]*nothing is lost: try again/],
    ['restore db --into replace', 1, /nothing is lost: try again/],
    ['drill run dr', 1, /plain has no backup[\s\S]*db: .*nothing is lost[\s\S]*dr: failed/],
    ['dr plan', 0, /npx hale restore db --into new[\s\S]*plain has no backup, and begins empty/],
    ['dr status', 1, /nothing is lost: try again[\s\S]*plain has no backup: declare/],
  ];
  for (const [line, code, says] of rows) {
    it(line, async () => {
      await expect(line, code, says);
    });
  }

  it('a damaged house is not laid out, and leaves nothing behind', async () => {
    const chunks = join(store, 'other', '_house', 'chunk');
    rmSync(chunks, { recursive: true });
    mkdirSync(chunks);
    await expect('restore --house --from file:STORE --system other --into elsewhere', 1, /is missing/);
    writeFileSync(join(store, 'other', '_house', 'house.json'), '{');
    await expect('restore --house --from file:STORE --system other --into elsewhere', 1, /is damaged/);
    assert.deepEqual(
      readdirSync(folder).filter((name) => name.startsWith('elsewhere')),
      [],
    );
  });
});
