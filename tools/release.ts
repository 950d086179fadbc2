// `npm run release -- --dry`: emits JavaScript and types, and packs the three packages that we publish. Rooms that are
// not published travel inside: `@hale/base` in a file becomes a relative path into the same tarball.
// --dry packs into release/ and stops there; without it there is nothing more to do yet, and that is said.
import { execFileSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { repository } from './source.ts';

interface Publication {
  readonly room: string;
  /** Rooms whose code travels inside the tarball, itself included. */
  readonly rooms: readonly string[];
}

interface PackageJson {
  readonly name: string;
  readonly version: string;
  readonly exports: Readonly<Record<string, string>>;
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly peerDependencies?: Readonly<Record<string, string>>;
  readonly peerDependenciesMeta?: Readonly<Record<string, unknown>>;
  readonly description?: string;
}

const publications: readonly Publication[] = [
  { room: 'resilience', rooms: ['base', 'resilience'] },
  { room: 'sdk', rooms: ['base', 'model', 'ports', 'sdk'] },
  { room: 'cli', rooms: ['base', 'model', 'healer', 'ports', 'platform', 'control', 'drill', 'cli'] },
];

const out = join(repository, 'release');
const built = join(out, 'build');
const readPackage = (room: string) =>
  JSON.parse(readFileSync(join(repository, 'packages', room, 'package.json'), 'utf8')) as PackageJson;
const nameOf = new Map(
  ['base', 'model', 'healer', 'ports', 'platform', 'control', 'drill', 'cli', 'sdk', 'resilience'].map((room) => [
    readPackage(room).name,
    room,
  ]),
);

function emit(): void {
  const flags = ['--noEmit', 'false', '--declaration', '--outDir', built, '--rootDir', '.'];
  execFileSync(join(repository, 'node_modules/.bin/tsc'), ['-p', 'tsconfig.json', ...flags], {
    cwd: repository,
    stdio: 'inherit',
  });
}

/** './src/gateway/index.ts' of a room -> 'gateway/index.js' below dist/<room>/. */
function emitted(source: string): string {
  return source.replace(/^\.\/src\//, '').replace(/\.ts$/, '.js');
}

/** The specifiers of rooms that travel inside become relative; paths of our own `.ts` files become `.js`. */
function rewrite(text: string, file: string, publication: Publication, dist: string): string {
  const inside = text.replace(
    /(['"])((?:@hale\/[a-z]+|hale)(?:\/[a-z-]+)?)\1/g,
    (found, quote: string, specifier: string) => {
      const [, name = '', door = ''] = /^(@hale\/[a-z]+|hale)(.*)$/.exec(specifier) ?? [];
      const room = nameOf.get(name);
      if (room === undefined || !publication.rooms.includes(room)) return found;
      const target = readPackage(room).exports[door === '' ? '.' : `.${door}`];
      if (target === undefined) return found;
      const path = relative(dirname(file), join(dist, room, emitted(target)));
      return `${quote}${path.startsWith('.') ? path : `./${path}`}${quote}`;
    },
  );
  return inside.replace(/(new URL\(\s*['"][^'"]+)\.ts(['"],\s*import\.meta\.url)/g, '$1.js$2');
}

function copyRoom(room: string, publication: Publication, dist: string): void {
  const copy = (from: string, to: string, keep: (name: string) => boolean) => {
    if (!existsSync(from)) return;
    for (const entry of readdirSync(from, { withFileTypes: true })) {
      const [source, target] = [join(from, entry.name), join(to, entry.name)];
      if (entry.isDirectory()) copy(source, target, keep);
      else if (keep(entry.name)) {
        mkdirSync(to, { recursive: true });
        writeFileSync(target, rewrite(readFileSync(source, 'utf8'), target, publication, dist));
      }
    }
  };
  const isOurs = (name: string) => !/\.(test|contract)\./.test(name) && !name.startsWith('testing.');
  copy(join(built, 'packages', room, 'src'), join(dist, room), (name) => /\.(js|d\.ts)$/.test(name) && isOurs(name));
  copy(
    join(repository, 'packages', room, 'src'),
    join(dist, room),
    (name) => /\.(mjs|json)$/.test(name) && isOurs(name),
  );
}

function dependenciesOf(publication: Publication): Record<string, string> {
  const all = publication.rooms.flatMap((room) => Object.entries(readPackage(room).dependencies ?? {}));
  const travelsInside = (name: string) => publication.rooms.includes(nameOf.get(name) ?? '');
  return Object.fromEntries(all.filter(([name]) => !travelsInside(name)).sort(([a], [b]) => a.localeCompare(b)));
}

function assemble(publication: Publication): string {
  const source = readPackage(publication.room);
  const folder = join(out, publication.room);
  const dist = join(folder, 'dist');
  for (const room of publication.rooms) copyRoom(room, publication, dist);
  if (publication.room === 'cli') copyCommand(folder);
  cpSync(join(repository, 'LICENSE'), join(folder, 'LICENSE'));
  const readme = join(repository, 'packages', publication.room, 'README.md');
  cpSync(existsSync(readme) ? readme : join(repository, 'README.md'), join(folder, 'README.md'));
  const doors = Object.entries(source.exports)
    .filter(([door]) => door !== './testing' || publication.room === 'resilience')
    .map(([door, target]) => {
      const file = `./dist/${publication.room}/${emitted(target)}`;
      return [door, { types: file.replace(/\.js$/, '.d.ts'), default: file }];
    });
  const manifest = {
    name: source.name,
    version: source.version,
    description: source.description,
    type: 'module',
    license: 'Apache-2.0',
    engines: { node: publication.room === 'cli' ? '>=24.12' : '>=22.19' },
    ...(publication.room === 'cli' ? { bin: { hale: './bin/hale.mjs' } } : {}),
    exports: Object.fromEntries(doors),
    dependencies: dependenciesOf(publication),
    peerDependencies: source.peerDependencies,
    peerDependenciesMeta: source.peerDependenciesMeta,
  };
  writeFileSync(join(folder, 'package.json'), `${JSON.stringify(manifest, null, 2)}\n`);
  return folder;
}

function copyCommand(folder: string): void {
  cpSync(join(repository, 'packages/cli/bin'), join(folder, 'bin'), { recursive: true });
  execFileSync(process.execPath, ['packages/dashboard/build.mjs'], {
    cwd: repository,
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  cpSync(join(repository, 'packages/dashboard/dist'), join(folder, 'dist/dashboard'), { recursive: true });
}

function pack(folder: string): string {
  const name = execFileSync('npm', ['pack', '--silent', '--pack-destination', out], {
    cwd: folder,
    encoding: 'utf8',
  }).trim();
  return join('release', name);
}

if (!process.argv.includes('--dry')) {
  console.error(
    'Publishing is not automated: run `npm run release -- --dry`, look at release/*.tgz, and publish those by hand.',
  );
  process.exit(2);
}
rmSync(out, { recursive: true, force: true });
emit();
for (const publication of publications) console.log(pack(assemble(publication)));
