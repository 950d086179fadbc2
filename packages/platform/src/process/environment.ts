// Opens the sealed envelopes: env() and secret() references of the declaration become values only here, when a process is
// spawned, and go nowhere but into its environment (INV-12).
import { readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import type { EnvValue, ServiceSpec } from '@hale/model';
import { platformError } from '../errors.ts';

type Env = Readonly<Record<string, string | undefined>>;

/** `envFile`, then `env`, of a service. Throws a HaleError that names what is missing, never a value. */
export function resolveEnvironment(service: ServiceSpec, options: { root: string; host: Env }): Record<string, string> {
  const resolved: Record<string, string> = service.envFile === undefined ? {} : readEnvFile(service.envFile);
  for (const [name, value] of Object.entries(service.env)) resolved[name] = resolveReference(name, value, options);
  return resolved;
}

/** The value of one reference; `name` is what to call it in a message. Throws HALE_PLATFORM_ENV_MISSING, _SECRET_MISSING, _SECRETS_OPEN. */
export function resolveReference(name: string, value: EnvValue, options: { root: string; host: Env }): string {
  switch (value.kind) {
    case 'text':
      return value.text;
    case 'env': {
      const found = options.host[value.name] ?? value.fallback;
      if (found === undefined)
        throw platformError('HALE_PLATFORM_ENV_MISSING', `${name} is env('${value.name}'), which is not set`);
      return found;
    }
    case 'secret': {
      const found = readSecrets(options.root)[value.name] ?? options.host[value.name];
      if (found === undefined)
        throw platformError('HALE_PLATFORM_SECRET_MISSING', `${name} is secret('${value.name}'), which is not set`);
      return found;
    }
  }
}

/** Secrets of `.hale/secrets.env`, which nobody else may read. */
export function readSecrets(root: string): Record<string, string> {
  const path = join(root, '.hale', 'secrets.env');
  let mode: number;
  try {
    mode = statSync(path).mode;
  } catch {
    return {};
  }
  if ((mode & 0o077) !== 0)
    throw platformError('HALE_PLATFORM_SECRETS_OPEN', '.hale/secrets.env can be read by other users');
  return readEnvFile(path);
}

function readEnvFile(path: string): Record<string, string> {
  try {
    return parseEnvText(readFileSync(path, 'utf8'));
  } catch (cause) {
    throw platformError('HALE_PLATFORM_ENV_FILE_UNREADABLE', `cannot read ${path}`, { cause });
  }
}

/** NAME=value lines; `#` starts a comment line, quotes around a whole value are taken off, `export` is allowed. */
export function parseEnvText(text: string): Record<string, string> {
  const values: Record<string, string> = {};
  for (const line of text.split(/\r?\n/)) {
    const match = /^\s*(?:export\s+)?([A-Za-z_][A-Za-z0-9_]*)\s*=\s*(.*?)\s*$/.exec(line);
    if (match?.[1] === undefined) continue;
    const raw = match[2] ?? '';
    const quoted = /^(["'])(.*)\1$/.exec(raw);
    values[match[1]] = quoted?.[2] ?? raw;
  }
  return values;
}
