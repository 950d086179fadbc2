// `npm run release -- --dry`: emits JavaScript and types, and packs the three packages that we publish. Rooms that are not
// published travel inside as folders of dist/; of each room only what the doors and programs reach is packed.
// --dry packs into release/ and stops there; without it there is nothing more to do yet, and that is said.
import { execFileSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { formatBytes } from '@hale/base';
import { bundleDoors } from './release/bundle.ts';
import { doorsOf, manifestOf, type Publication, publications } from './release/publications.ts';
import { filesNamed, rewrite } from './release/rewrite.ts';
import { repository } from './source.ts';

const out = join(repository, 'release');
const built = join(out, 'build');

/** Tests stay outside: a release is what users run. */
function emit(): void {
  mkdirSync(out, { recursive: true });
  const rooms = [...new Set(publications.flatMap(({ rooms }) => rooms))];
  const config = {
    extends: '../tsconfig.json',
    compilerOptions: { noEmit: false, declaration: true, outDir: 'build', rootDir: '..' },
    include: rooms.map((room) => `../packages/${room}/src/**/*.ts`),
    exclude: ['../packages/**/*.test.ts', '../packages/**/*.contract.ts'],
  };
  writeFileSync(join(out, 'tsconfig.json'), JSON.stringify(config));
  const tsc = join(repository, 'node_modules/.bin/tsc');
  execFileSync(tsc, ['-p', 'release/tsconfig.json'], { cwd: repository, stdio: 'inherit' });
}

/** 'cli/main.js' -> where the compiler, or a hand that writes plain JavaScript, has put it. */
function sourceOf(file: string): string {
  const [room = '', ...rest] = file.split('/');
  const path = join('packages', room, 'src', ...rest);
  return join(file.endsWith('.mjs') ? repository : built, path);
}

/** Copies what `entries` reach, following each file's own words; gives all that was copied as one text. */
function copyReachable(entries: readonly string[], dist: string, publication: Publication): string {
  const queue = [...entries];
  const seen = new Set(queue);
  const texts: string[] = [];
  for (let file = queue.shift(); file !== undefined; file = queue.shift()) {
    const text = rewrite(readFileSync(sourceOf(file), 'utf8'), file, publication);
    const target = join(dist, file);
    mkdirSync(dirname(target), { recursive: true });
    writeFileSync(target, text);
    texts.push(text);
    const isTypes = file.endsWith('.d.ts');
    for (const named of filesNamed(text, file)) {
      const next = isTypes ? named.replace(/\.js$/, '.d.ts') : named;
      if (seen.has(next) || !existsSync(sourceOf(next))) continue;
      seen.add(next);
      queue.push(next);
    }
  }
  return texts.join('\n');
}

async function assemble(publication: Publication): Promise<string> {
  const folder = join(out, publication.room);
  const dist = join(folder, 'dist');
  const doors = Object.values(doorsOf(publication));
  const types = doors.map((door) => door.replace(/\.js$/, '.d.ts'));
  const packed = copyReachable([...doors, ...types, ...publication.programs], dist, publication);
  if (publication.bundled === true) await bundleDoors(dist, doors);
  if (publication.room === 'cli') copyCommand(folder);
  cpSync(join(repository, 'LICENSE'), join(folder, 'LICENSE'));
  const manifest = manifestOf(publication, packed);
  writeFileSync(join(folder, 'README.md'), readmeOf(publication));
  writeFileSync(join(folder, 'package.json'), `${JSON.stringify(manifest, null, 2)}\n`);
  return folder;
}

/** The room's own page, the repository's for the command, else the one sentence. */
function readmeOf(publication: Publication): string {
  const { name, description } = manifestOf(publication, '');
  const pages = [`packages/${publication.room}/README.md`, ...(publication.room === 'cli' ? ['README.md'] : [])];
  const page = pages.map((path) => join(repository, path)).find((path) => existsSync(path));
  return page === undefined ? `# ${name}\n\n${description}\n` : readFileSync(page, 'utf8');
}

function copyCommand(folder: string): void {
  cpSync(join(repository, 'packages/cli/bin/hale.mjs'), join(folder, 'bin/hale.mjs'));
  execFileSync(process.execPath, ['packages/dashboard/build.mjs'], {
    cwd: repository,
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  cpSync(join(repository, 'packages/dashboard/dist'), join(folder, 'dist/dashboard'), { recursive: true });
}

/** One line: the tarball, its size, and what it becomes when it is unpacked. */
function pack(folder: string): string {
  const args = ['pack', '--json', '--pack-destination', out];
  const told = JSON.parse(execFileSync('npm', args, { cwd: folder, encoding: 'utf8' })) as {
    readonly filename: string;
    readonly unpackedSize: number;
    readonly entryCount: number;
  }[];
  const [{ filename, unpackedSize, entryCount } = { filename: '', unpackedSize: 0, entryCount: 0 }] = told;
  const size = statSync(join(out, filename)).size;
  return `${join('release', filename)}  ${formatBytes(size)} (${entryCount} files, ${formatBytes(unpackedSize)} unpacked)`;
}

if (!process.argv.includes('--dry')) {
  console.error(
    'Publishing is not automated: run `npm run release -- --dry`, look at release/*.tgz, and publish those by hand.',
  );
  process.exit(2);
}
rmSync(out, { recursive: true, force: true });
emit();
for (const publication of publications) console.log(pack(await assemble(publication)));
