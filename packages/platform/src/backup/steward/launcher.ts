// The recipe for the process that takes backups: this program, on the declaration of its release, with the keys of the stores in its
// environment and nowhere else (INV-12). Nothing is started here.
import { fileURLToPath } from 'node:url';
import { backedUpOf } from '@hale/model';
import { hasBegun } from '../../gateway/has-begun.ts';
import { resolveReference } from '../../process/environment.ts';
import type { Launcher } from '../../process/launcher.ts';
import { storeSecrets } from '../strongbox.ts';
import { backupStatsFile, backupStatsReader } from './stats.ts';

const program = fileURLToPath(new URL('./main.ts', import.meta.url));

/** `env`: where env() and secret() are looked up. Throws HALE_PLATFORM_SECRET_MISSING, _ENV_MISSING, _SECRETS_OPEN. */
export function backupLauncher(env: Readonly<Record<string, string | undefined>> = process.env): Launcher {
  return async ({ spec, release, runtimeDir, root, ordinal, incarnation }) => {
    const keys: Record<string, string> = { ...storeSecrets(root) };
    for (const { resource, backup } of backedUpOf(spec)) {
      const { encrypt } = backup;
      if (encrypt === undefined) continue;
      keys[encrypt.name] = resolveReference(`backup.encrypt of ${resource.name}`, encrypt, { root, host: env });
    }
    const file = backupStatsFile(runtimeDir, ordinal);
    return {
      argv: [process.execPath, program, '--root', root, '--release', String(release), '--ordinal', String(ordinal)],
      cwd: root,
      env: keys,
      listeners: [],
      port: undefined,
      check: hasBegun(file, incarnation),
      backups: backupStatsReader(file, incarnation),
    };
  };
}
