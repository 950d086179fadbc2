// What we publish: three packages, the rooms whose code travels inside each, and the manifest each gets. A room that has a
// package of its own is a dependency, never a copy.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { repository } from '../source.ts';

export interface Publication {
  readonly room: 'resilience' | 'sdk' | 'cli';
  /** Rooms whose code travels inside the tarball, itself included. */
  readonly rooms: readonly string[];
  readonly node: string;
  /** Programs that are started as processes or workers: files of the emitted tree that no door leads to. */
  readonly programs: readonly string[];
  /** Whether the door for tests is for users too. */
  readonly testing?: true;
  /** One file a door, for what is imported by itself and must start at once. */
  readonly bundled?: true;
}

export interface PackageJson {
  readonly name: string;
  readonly version: string;
  readonly description?: string;
  readonly exports: Readonly<Record<string, string>>;
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly peerDependencies?: Readonly<Record<string, string>>;
  readonly peerDependenciesMeta?: Readonly<Record<string, unknown>>;
}

export const publications: readonly Publication[] = [
  { room: 'resilience', rooms: ['base', 'resilience'], node: '>=22.19', programs: [], testing: true, bundled: true },
  { room: 'sdk', rooms: ['base', 'model', 'ports', 'sdk'], node: '>=22.19', programs: [] },
  {
    room: 'cli',
    rooms: ['base', 'model', 'healer', 'ports', 'render', 'platform', 'control', 'drill', 'cli'],
    node: '>=24.12',
    programs: ['cli/main.js'],
  },
];

const descriptions: Readonly<Record<Publication['room'], string>> = {
  resilience:
    'Retry, circuit breaker, bulkhead, timeout, hedging, load shedding and balancing around a call, at almost no cost. No dependencies.',
  sdk: 'What a service builds in: calls that survive, typed APIs, idempotent requests, health and drain.',
  cli: 'A self-healing runtime for distributed TypeScript services: it starts them, watches them and repairs them.',
};

export function readPackage(room: string): PackageJson {
  return JSON.parse(readFileSync(join(repository, 'packages', room, 'package.json'), 'utf8')) as PackageJson;
}

/** The room of '@hale/base' that travels inside, or undefined. */
export function roomInside(publication: Publication, name: string): string | undefined {
  return publication.rooms.find((room) => readPackage(room).name === name);
}

/** './src/gateway/index.ts' of a room -> 'gateway/index.js' below dist/<room>/. */
export function emitted(source: string): string {
  return source.replace(/^\.\/src\//, '').replace(/\.ts$/, '.js');
}

/** Doors of the published package as paths below dist/. */
export function doorsOf(publication: Publication): Readonly<Record<string, string>> {
  const doors = Object.entries(readPackage(publication.room).exports).filter(
    ([door]) => door !== './testing' || publication.testing === true,
  );
  return Object.fromEntries(doors.map(([door, target]) => [door, `${publication.room}/${emitted(target)}`]));
}

export interface Manifest {
  readonly name: string;
  readonly description: string;
  readonly [field: string]: unknown;
}

/** `packed`: all code that travels in the tarball; only what it names is a dependency. */
export function manifestOf(publication: Publication, packed: string): Manifest {
  const source = readPackage(publication.room);
  const doors = Object.entries(doorsOf(publication)).map(([door, file]) => [
    door,
    { types: `./dist/${file.replace(/\.js$/, '.d.ts')}`, default: `./dist/${file}` },
  ]);
  return {
    name: source.name,
    version: source.version,
    description: descriptions[publication.room],
    type: 'module',
    license: 'Apache-2.0',
    engines: { node: publication.node },
    ...(publication.room === 'cli' ? { bin: { hale: './bin/hale.mjs' } } : {}),
    exports: Object.fromEntries(doors),
    dependencies: dependenciesOf(publication, packed),
    peerDependencies: source.peerDependencies,
    peerDependenciesMeta: source.peerDependenciesMeta,
  };
}

function dependenciesOf(publication: Publication, packed: string): Record<string, string> {
  const all = publication.rooms.flatMap((room) => Object.entries(readPackage(room).dependencies ?? {}));
  const outside = all.filter(([name]) => roomInside(publication, name) === undefined && packed.includes(name));
  return Object.fromEntries(outside.sort(([a], [b]) => a.localeCompare(b)));
}
