// The import law (DESIGN section 2): arrows only go down. This one table says who may see whom; `npm run check`
// holds every import of the repository against it. A new row or arrow needs a page in docs/decisions first.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Finding, importsOf, readSources, repository, type SourceFile } from './source.ts';

interface Law {
  /** Rooms of ours it may import. */
  readonly may: readonly string[];
  /** Whether `node:` modules may be imported: everywhere, nowhere, or only below these folders of the room. */
  readonly node: 'yes' | 'no' | readonly string[];
}

export const law: Readonly<Record<string, Law>> = {
  base: { may: [], node: 'no' },
  model: { may: ['base'], node: 'no' },
  render: { may: ['base', 'model'], node: 'no' },
  resilience: { may: ['base'], node: 'no' },
  healer: { may: ['base', 'model'], node: 'no' },
  ports: { may: ['base', 'model'], node: 'no' },
  sdk: { may: ['base', 'model', 'resilience', 'ports'], node: 'yes' },
  platform: { may: ['base', 'model', 'resilience', 'ports', 'render'], node: 'yes' },
  control: { may: ['base', 'model', 'healer', 'ports'], node: 'yes' },
  drill: { may: ['base', 'model', 'healer', 'resilience', 'ports', 'control'], node: ['src/live/', 'src/sim/main'] },
  dashboard: { may: ['model'], node: ['build', 'e2e/', 'vite'] },
  cli: {
    may: ['base', 'model', 'healer', 'resilience', 'ports', 'render', 'sdk', 'platform', 'control', 'drill'],
    node: 'yes',
  },
  bench: { may: ['*'], node: 'yes' },
  examples: { may: ['*'], node: 'yes' },
  tools: { may: ['*'], node: 'yes' },
};

/** `hale` is the published name of the room `cli`; the others are `@hale/<room>`. */
function roomOfSpecifier(specifier: string): string | undefined {
  if (specifier === 'hale' || specifier.startsWith('hale/')) return 'cli';
  return /^@hale\/([a-z-]+)/.exec(specifier)?.[1];
}

/** Every import that the law forbids. */
export function breaches(
  sources: readonly SourceFile[],
  dependenciesOf: (source: SourceFile) => ReadonlySet<string>,
): readonly Finding[] {
  return sources.flatMap((source) => {
    const own = law[source.room];
    if (own === undefined) {
      return source.room === 'none'
        ? []
        : [{ path: source.path, line: 1, message: `room '${source.room}' has no row in tools/law.ts` }];
    }
    return importsOf(source).flatMap(({ specifier, line }) => {
      const message = judge(source, own, specifier, dependenciesOf);
      return message === undefined ? [] : [{ path: source.path, line, message }];
    });
  });
}

function judge(
  source: SourceFile,
  own: Law,
  specifier: string,
  dependenciesOf: (source: SourceFile) => ReadonlySet<string>,
): string | undefined {
  if (specifier.startsWith('.'))
    return leavesRoom(source, specifier) ? `'${specifier}' leaves the room: import '@hale/<room>' instead` : undefined;
  if (specifier.startsWith('node:'))
    return mayUseNode(source, own) ? undefined : `room '${source.room}' may not see '${specifier}'`;
  const room = roomOfSpecifier(specifier);
  if (room !== undefined) {
    if (own.may.includes('*') || own.may.includes(room) || room === source.room) return undefined;
    return `room '${source.room}' may not import '${room}' (it may: ${own.may.join(', ') || 'nothing'})`;
  }
  const name = specifier
    .split('/')
    .slice(0, specifier.startsWith('@') ? 2 : 1)
    .join('/');
  return dependenciesOf(source).has(name) ? undefined : `'${name}' is not a dependency of this room's package.json`;
}

function leavesRoom(source: SourceFile, specifier: string): boolean {
  const target = join(source.path, '..', specifier);
  const home = source.path.startsWith('packages/') ? `packages/${source.room}/` : `${source.room}/`;
  return !target.startsWith(home);
}

function mayUseNode(source: SourceFile, own: Law): boolean {
  if (own.node === 'yes') return true;
  if (source.isTest) return true;
  if (own.node === 'no') return false;
  const inRoom = source.path.slice(`packages/${source.room}/`.length);
  return own.node.some((prefix) => inRoom.startsWith(prefix));
}

/** Dependencies by the nearest package.json, and the repository's own for tests and tools. */
export function createDependencyReader(): (source: SourceFile) => ReadonlySet<string> {
  const cache = new Map<string, ReadonlySet<string>>();
  const read = (file: string): ReadonlySet<string> => {
    const known = cache.get(file);
    if (known !== undefined) return known;
    const parsed = JSON.parse(readFileSync(join(repository, file), 'utf8')) as Record<
      string,
      Record<string, string> | undefined
    >;
    const names = new Set(
      ['dependencies', 'devDependencies', 'peerDependencies', 'optionalDependencies'].flatMap((key) =>
        Object.keys(parsed[key] ?? {}),
      ),
    );
    cache.set(file, names);
    return names;
  };
  return (source) => {
    const parts = source.path.split('/');
    const nearest =
      parts[0] === 'packages' || parts[0] === 'examples'
        ? `${parts[0]}/${parts[1]}/package.json`
        : parts[0] === 'bench'
          ? 'bench/package.json'
          : 'package.json';
    return source.isTest || source.room === 'tools' || source.room === 'bench'
      ? new Set([...read(nearest), ...read('package.json')])
      : read(nearest);
  };
}

if (import.meta.main) {
  const found = breaches(readSources(), createDependencyReader());
  for (const { path, line, message } of found) console.error(`${path}:${line}  ${message}`);
  process.exitCode = found.length === 0 ? 0 : 1;
}
