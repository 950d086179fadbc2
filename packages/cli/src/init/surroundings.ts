// What stands around a declaration: secrets go to .hale/secrets.env, which only the owner may read, and `.hale/` goes into
// .gitignore. Nothing that is there already is changed, only added to.
import { appendFileSync, chmodSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** Adds what is missing; gives the files that were touched. */
export function keepSecrets(root: string, secrets: Readonly<Record<string, string>>): readonly string[] {
  const file = join(root, '.hale', 'secrets.env');
  const known = existsSync(file) ? readFileSync(file, 'utf8') : '';
  const lines = Object.entries(secrets)
    .filter(([name]) => !new RegExp(`^(export )?${name}=`, 'm').test(known))
    .map(([name, value]) => `${name}=${/[\s'"#\\]/.test(value) ? JSON.stringify(value) : value}\n`);
  if (lines.length === 0) return [];
  mkdirSync(join(root, '.hale'), { recursive: true, mode: 0o700 });
  writeFileSync(file, known + lines.join(''), { mode: 0o600 });
  chmodSync(file, 0o600);
  return ['.hale/secrets.env'];
}

/** For a folder that git knows, or will: `.hale/` holds data, logs and secrets. */
export function ignoreState(root: string): readonly string[] {
  const file = join(root, '.gitignore');
  const known = existsSync(file) ? readFileSync(file, 'utf8') : undefined;
  if (known === undefined && !existsSync(join(root, '.git'))) return [];
  if (/^\/?\.hale\/?\s*$/m.test(known ?? '')) return [];
  appendFileSync(file, `${known === undefined || known === '' || known.endsWith('\n') ? '' : '\n'}.hale/\n`);
  return ['.gitignore'];
}
