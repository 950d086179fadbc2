// A small house for live tests of backups and the way back: a folder with a declaration, commands as they are typed, the view of its
// control room, and plain pg for its database. It waits for conditions, each with a bound; `close` leaves nothing behind.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { createSystemClock } from '@hale/base';
import type { SystemView } from '@hale/model';
import pg from 'pg';
import { waitFor } from '../host.ts';
import { latestRelease } from '../system/folder.ts';
import { findMarked } from '../system/process-table.ts';
import { systemAt } from '../system/running.ts';
import type { LeftOut } from './house-files.ts';

const hale = fileURLToPath(new URL('../../bin/hale.mjs', import.meta.url));
const modules = fileURLToPath(new URL('../../../../node_modules', import.meta.url));
const boundMs = 45_000;

/** Answers on every path. */
const web = `import { createServer } from 'node:http';
createServer((_request, response) => response.end('well')).listen(Number(process.env.PORT), '127.0.0.1');
process.on('SIGTERM', () => process.exit(0));
`;

export interface TestHome {
  readonly folder: string;
  readonly env: Record<string, string>;
  hale(...argv: string[]): Promise<{ readonly code: number; readonly said: string }>;
  /** The command must end with `code` and say `says`. */
  expect(line: string, code: number, says: RegExp): Promise<string>;
  /** `hale backup now`, once the process that takes backups by itself lets us; gives what it said. */
  backup(): Promise<{ readonly id: string; readonly house: { readonly leftOut: readonly LeftOut[] } }>;
  untilView(what: string, fits: (view: SystemView) => boolean): Promise<SystemView>;
  ask<T>(url: string, text: string): Promise<T[]>;
  close(): Promise<void>;
}

/** `resources` and `gateway` as they stand in the declaration; the one service is called web. */
export function openTestHome(declared: {
  readonly resources: string;
  readonly gateway?: string;
  readonly env?: Record<string, string>;
}): TestHome {
  const folder = mkdtempSync(join(tmpdir(), 'hale-home-'));
  const env = { ...declared.env };
  const clock = createSystemClock();
  symlinkSync(modules, join(folder, 'node_modules'));
  writeFileSync(join(folder, 'package.json'), '{ "type": "module" }');
  writeFileSync(join(folder, 'web.ts'), web);
  writeFileSync(
    join(folder, 'hale.config.ts'),
    `import { defineSystem, objectStore, postgres, secret, service } from 'hale';
export default defineSystem({
  name: 'shop',
  resources: { ${declared.resources} },
  services: { web: service({ run: 'web.ts' }) },
  ${declared.gateway ?? ''}
});
`,
  );
  const run: TestHome['hale'] = (...argv) =>
    new Promise((resolve) => {
      const options = { cwd: folder, timeout: 120_000, env: { ...process.env, ...env } };
      execFile(process.execPath, [hale, ...argv], options, (error, stdout, stderr) => {
        resolve({ code: error === null ? 0 : Number(error.code ?? -1), said: `${stdout}${stderr}` });
      });
    });
  return {
    ...{ folder, env, hale: run },
    async expect(line, code, says) {
      const ran = await run(...line.split(' '));
      assert.match(ran.said, says, line);
      assert.equal(ran.code, code, `${line}: ${ran.said}`);
      return ran.said;
    },
    async backup() {
      const done = await waitFor({ clock, withinMs: boundMs, everyMs: 200 }, async () => {
        const ran = await run('backup', 'now', '--json');
        if (ran.code !== 0 && !/HALE_PLATFORM_BACKUP_BUSY/.test(ran.said)) assert.fail(ran.said);
        return ran.code === 0 ? ran.said : undefined;
      });
      return JSON.parse(done ?? assert.fail('backups are taken without an end'));
    },
    async untilView(what, fits) {
      let last: SystemView | undefined;
      const found = await waitFor({ clock, withinMs: boundMs, everyMs: 50 }, async () => {
        last = await systemAt(folder, idOf(folder))
          .api.system()
          .catch(() => undefined);
        return last !== undefined && fits(last) ? last : undefined;
      });
      if (found !== undefined) return found;
      const seen = [last?.state, last?.replicas.map(({ replica, why }) => [replica, why]), last?.incidents];
      throw new Error(`in vain: ${what}\n${JSON.stringify(seen)}`);
    },
    async ask<T>(url: string, text: string) {
      const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: 15_000 });
      client.on('error', () => {});
      try {
        await client.connect();
        return (await client.query(text)).rows as T[];
      } finally {
        await client.end();
      }
    },
    async close() {
      const wasUp = latestRelease(folder) !== undefined;
      const id = wasUp ? idOf(folder) : undefined;
      if (wasUp) await run('down', '--timeout', '1');
      rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
      if (id !== undefined) assert.deepEqual(findMarked(id), []);
    },
  };
}

function idOf(folder: string): string {
  return (JSON.parse(readFileSync(join(folder, '.hale', 'system.json'), 'utf8')) as { id: string }).id;
}
