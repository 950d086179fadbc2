// What of a folder is the house: the declaration, what npm needs to install the same again, the folders of the programs that it names,
// and whatever those import by a relative path. Never what can be made again (node_modules), never what looks like a secret or holds
// the value of one, and never more than a bound: beyond it nothing is taken, and the largest are named.
import { type Dirent, existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { basename, dirname, extname, join, relative, resolve, sep } from 'node:path';
import { formatBytes } from '@hale/base';
import type { ServiceSpec, SystemSpec } from '@hale/model';
import type { HouseFile } from '@hale/platform/postgres';
import { cliError } from '../errors.ts';

export interface HouseWish {
  readonly spec: SystemSpec;
  /** Absolute: the declaration. */
  readonly config: string;
  /** Values that must not be in any of the files. */
  readonly secrets: readonly string[];
  /** Default: 64 MB. */
  readonly bytesMax?: number;
}

export interface LeftOut {
  readonly path: string;
  readonly why: string;
}

export interface HouseFiles {
  readonly files: readonly HouseFile[];
  readonly leftOut: readonly LeftOut[];
}

const houseBytesMax = 64 * 1024 * 1024;
const filesMax = 20_000;
const ignoreName = '.haleignore';
const besides = [
  ...['package.json', 'package-lock.json', 'npm-shrinkwrap.json', 'yarn.lock', 'pnpm-lock.yaml', 'tsconfig.json'],
  ...['hale.load.json', ignoreName],
];
const madeAgain: ReadonlySet<string> = new Set(['node_modules', '.git', '.hale']);
const secretName =
  /^\.env|^\.npmrc$|^\.netrc$|\.(pem|key|p12|pfx|jks|keystore)$|^secrets?(\.|$)|^id_(rsa|dsa|ecdsa|ed25519)|credentials/i;
const importing = /(?:\bfrom|\bimport|\brequire|new URL)\s*\(?\s*['"](\.{1,2}\/[^'"\n]+)['"]/g;
const speaksImports: ReadonlySet<string> = new Set(['.ts', '.mts', '.cts', '.js', '.mjs', '.cjs']);
const shownMax = 5;

/** Throws HALE_CLI_HOUSE_TOO_LARGE. */
export function collectHouse({ spec, config, secrets, bytesMax = houseBytesMax }: HouseWish): HouseFiles {
  const basket = createBasket(spec, bytesMax);
  basket.take(config);
  for (const name of besides) basket.take(join(spec.root, name));
  for (const service of Object.values(spec.services)) for (const place of placesOf(service)) basket.take(place);
  const told = secrets.filter((value) => value.length >= 4).map((value) => Buffer.from(value));
  return basket.open((content) => told.some((value) => content.includes(value)));
}

/** The folders that hold a service's programs; a command is looked through for words that are files. */
function placesOf({ program, cwd, api }: ServiceSpec): readonly string[] {
  const programs = program.kind === 'module' ? [program.file] : program.argv.map((word) => resolve(cwd, word));
  const found = programs.filter((file) => isFile(file)).map((file) => dirname(file));
  return [...found, ...(api === undefined ? [] : [api])];
}

function isFile(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isFile() === true;
}

interface Basket {
  /** A file or a folder; what is not there is passed over. */
  take(path: string): void;
  open(holdsSecret: (content: Buffer) => boolean): HouseFiles;
}

function createBasket(spec: SystemSpec, bytesMax: number): Basket {
  const { root } = spec;
  const sizes = new Map<string, number>();
  const leftOut = new Map<string, string>();
  const closed = closedPlaces(spec);
  const ignored = readIgnored(root);
  let bytes = 0;
  /** Why it stays outside; undefined: it may come in. */
  const reasonAgainst = (path: string): string | undefined => {
    const shown = relative(root, path);
    if (shown.startsWith('..')) return 'it lies outside the folder of the declaration';
    if (closed.has(path)) return closed.get(path);
    if (ignored(shown)) return `${ignoreName} says so`;
    // A program that speaks of secrets is a program; whether it holds one is looked at when it is read.
    if (speaksImports.has(extname(path))) return undefined;
    return secretName.test(basename(path)) ? 'it looks like a secret' : undefined;
  };
  const enter = (path: string, entry?: Dirent): void => {
    if (madeAgain.has(basename(path)) || sizes.has(path)) return;
    const against = reasonAgainst(path);
    if (against !== undefined) return void leftOut.set(relative(root, path), against);
    if (entry?.isSymbolicLink()) return void leftOut.set(relative(root, path), 'it is a link');
    const stat = statSync(path, { throwIfNoEntry: false });
    if (stat?.isDirectory()) for (const one of listed(path)) enter(join(path, one.name), one);
    if (!stat?.isFile()) return;
    sizes.set(path, stat.size);
    bytes += stat.size;
    if (bytes > bytesMax || sizes.size > filesMax) return;
    if (speaksImports.has(extname(path))) for (const named of importsOf(path)) enter(named);
  };
  return {
    take: (path) => enter(path),
    open(holdsSecret) {
      if (bytes > bytesMax || sizes.size > filesMax) throw tooLarge(root, sizes, bytesMax);
      const files: HouseFile[] = [];
      for (const path of [...sizes.keys()].sort()) {
        const content = readFileSync(path);
        const shown = relative(root, path).split(sep).join('/');
        if (holdsSecret(content)) leftOut.set(shown, 'it holds the value of a secret');
        else files.push({ path: shown, mode: statSync(path).mode & 0o777, content });
      }
      return { files, leftOut: [...leftOut].map(([path, why]) => ({ path, why })) };
    },
  };
}

function listed(folder: string): readonly Dirent[] {
  return readdirSync(folder, { withFileTypes: true }).sort((a, b) => (a.name < b.name ? -1 : 1));
}

/** Files and folders of this system that are known to be no part of the house. */
function closedPlaces(spec: SystemSpec): ReadonlyMap<string, string> {
  const places = new Map<string, string>();
  for (const { url } of Object.values(spec.backups ?? {}))
    if (url.startsWith('file:')) places.set(resolve(spec.root, url.slice('file:'.length)), 'it is the store');
  for (const { envFile } of Object.values(spec.services))
    if (envFile !== undefined) places.set(envFile, 'it is a file of variables, which may hold secrets');
  if (spec.gateway?.tls !== undefined) places.set(spec.gateway.tls.keyFile, 'it is a private key');
  return places;
}

/** `.haleignore`: a path from the declaration on, or a bare name, on each line; `#` begins a remark. */
function readIgnored(root: string): (shown: string) => boolean {
  const file = join(root, ignoreName);
  const lines = existsSync(file) ? readFileSync(file, 'utf8').split(/\r?\n/) : [];
  const words = lines.map((line) => line.replace(/#.*/, '').trim().replace(/\/+$/, '')).filter((word) => word !== '');
  return (shown) => words.some((word) => shown === word || (!word.includes('/') && basename(shown) === word));
}

function importsOf(file: string): readonly string[] {
  const text = readFileSync(file, 'utf8');
  return [...text.matchAll(importing)].flatMap(([, specifier = '']) => {
    const named = resolve(dirname(file), specifier.replace(/[?#].*$/, ''));
    return isFile(named) ? [named] : [];
  });
}

function tooLarge(root: string, sizes: ReadonlyMap<string, number>, bytesMax: number): Error {
  const perPlace = new Map<string, number>();
  for (const [path, size] of sizes) {
    const [first = '', second] = relative(root, path).split(sep);
    const place = second === undefined ? first : `${first}/`;
    perPlace.set(place, (perPlace.get(place) ?? 0) + size);
  }
  const largest = [...perPlace].sort(([, a], [, b]) => b - a).slice(0, shownMax);
  const words = largest.map(([place, size]) => `${place} ${formatBytes(size)}`).join(', ');
  return cliError(
    'HALE_CLI_HOUSE_TOO_LARGE',
    `the files beside the declaration are more than ${formatBytes(bytesMax)} (or ${filesMax} files): ${words}`,
    { details: { bytesMax, largest: Object.fromEntries(largest) } },
  );
}
