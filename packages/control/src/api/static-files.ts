// The shop window: the built dashboard's few files, read once and kept. Only names that were found at the first look are
// served, so that no path can lead out of the folder. Where nothing was built, the page says what to type.
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { extname, join } from 'node:path';
import { type ControlErrorCode, controlErrors } from '../errors.ts';

export interface StaticFile {
  readonly status: 200 | 503;
  readonly body: Buffer;
  readonly headers: Readonly<Record<string, string>>;
}

const types: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
  '.json': 'application/json',
  '.woff2': 'font/woff2',
  '.png': 'image/png',
};

/** Nothing from elsewhere, nothing in a frame, and scripts only from files. */
export const pageHeaders = {
  'content-security-policy':
    "default-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'",
  'x-content-type-options': 'nosniff',
  'referrer-policy': 'no-referrer',
  'x-frame-options': 'DENY',
} as const;

const bytesMax = 20_000_000;

/** Gives the file for a path ('/' is the page), or undefined. */
export function createStaticFiles(folder: string | undefined): (path: string) => StaticFile | undefined {
  const kept = new Map<string, StaticFile>();
  let names: ReadonlySet<string> | undefined;
  const look = () => {
    if (names === undefined || names.size === 0) names = new Set(folder === undefined ? [] : listFiles(folder));
    return names;
  };
  return (path) => {
    const name = path === '/' ? 'index.html' : path.slice(1);
    const known = look();
    if (folder === undefined || !known.has('index.html')) return name === 'index.html' ? notBuilt : undefined;
    if (!known.has(name)) return undefined;
    const before = kept.get(name);
    if (before !== undefined) return before;
    const file = readStatic(folder, name);
    kept.set(name, file);
    return file;
  };
}

function readStatic(folder: string, name: string): StaticFile {
  const hashed = name.startsWith('assets/');
  const headers = {
    ...pageHeaders,
    'content-type': types[extname(name)] ?? 'application/octet-stream',
    'cache-control': hashed ? 'public, max-age=31536000, immutable' : 'no-cache',
  };
  return { status: 200, body: readFileSync(join(folder, name)), headers };
}

/** Files in the folder and one level below, up to a bound in bytes that no dashboard should come near. */
function listFiles(folder: string): string[] {
  try {
    const found = readdirSync(folder, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => join(entry.parentPath, entry.name));
    const bytes = found.reduce((sum, file) => sum + statSync(file).size, 0);
    return bytes > bytesMax ? [] : found.map((file) => file.slice(folder.length + 1));
  } catch {
    return [];
  }
}

const notBuiltCode: ControlErrorCode = 'HALE_CONTROL_NO_DASHBOARD';
const notBuilt: StaticFile = {
  status: 503,
  body: Buffer.from(`The dashboard is not built here (${notBuiltCode}).\n${controlErrors[notBuiltCode]}\n`),
  headers: { ...pageHeaders, 'content-type': 'text/plain; charset=utf-8', 'cache-control': 'no-store' },
};
