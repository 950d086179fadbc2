// Hale's side of the duel: a system of one database cluster in a temporary folder, brought up by the real command. The clients get
// what every service gets, DATABASE_URL, and nothing more; a small service of the system writes it down for them.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { startTempSystem, typeHale } from '../heartbeat/temp-system.ts';
import { strike, withDescendants } from './cage.ts';
import { type Contestant, until } from './contestant.ts';
import { look, primaryOf, untilWhole } from './picture.ts';

const config = `import { defineSystem, postgres, service } from 'hale';
export default defineSystem({
  name: 'duel',
  zones: ['a', 'b', 'c'],
  resources: { db: postgres({ standbys: 2, durability: 'no-acked-loss' }) },
  services: { clerk: service({ run: 'clerk.mjs', uses: ['db'], port: false }) },
});
`;
const clerk = `import { writeFileSync } from 'node:fs';
writeFileSync('url', process.env.DATABASE_URL, { mode: 0o600 });
setInterval(() => {}, 1000);
`;

/** A system of one cluster and a clerk that writes down, into `url`, what it was told. */
export const clerkFiles = { 'hale.config.ts': config, 'clerk.mjs': clerk };

export async function startHale(): Promise<Contestant> {
  const system = await startTempSystem(clerkFiles);
  try {
    const urlFile = join(system.folder, 'url');
    await until('the clerk to be told DATABASE_URL', 30_000, async () => readFileSync(urlFile, 'utf8') !== '');
    const version = (await typeHale(system.folder, '--version')).trim();
    return {
      label: `hale ${version} ${JSON.stringify({ standbys: 2, durability: 'no-acked-loss' })}`,
      urls: [readFileSync(urlFile, 'utf8')],
      whole: (boundMs) => untilWhole(system, boundMs),
      // Hale has no agent a node: what is lost with a node of one host is its PostgreSQL, whichever stroke it is.
      async strike() {
        const pid = primaryOf(await look(system))?.pid;
        if (pid === undefined) throw new Error('there is no primary to kill');
        return strike(withDescendants([pid]));
      },
      close: () => system.close(),
    };
  } catch (error) {
    await system.close();
    throw error;
  }
}
