// The house inspects itself: the rules of STYLE.md that a machine can see. Each message names what to do instead.
// Exceptions stand in tools/tidy.exceptions.json, a list that may only shrink.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { blankComments, type Finding, listFiles, readSources, repository, type SourceFile } from './source.ts';
import { errorTableFindings } from './tidy-errors.ts';
import { invariantFindings } from './tidy-invariants.ts';

const linesPerFileMax = 400;
const linesPerFunctionMax = 60;
const doorsMax = 4;
const pureRooms = new Set(['base', 'model', 'healer', 'insight', 'render']);

type Rule = (source: SourceFile) => readonly Finding[];

const at = (source: SourceFile, line: number, message: string): Finding => ({ path: source.path, line, message });

const opensWithComment: Rule = (source) => {
  if (source.isTest && !source.path.endsWith('.test.ts')) return [];
  const start = source.lines[0]?.startsWith('#!') ? 1 : 0;
  let end = start;
  while (/^(\/\/|\/\*| \*)/.test(source.lines[end] ?? '')) end++;
  const length = end - start;
  if (length >= 1 && length <= 14) return [];
  return [
    at(
      source,
      1,
      length === 0
        ? 'opens without a comment: say in 2 to 12 lines what it is and what it refuses to do'
        : `opening comment of ${length} lines: 12 at most`,
    ),
  ];
};

const fileLength: Rule = (source) =>
  source.lines.length - 1 > linesPerFileMax
    ? [at(source, linesPerFileMax, `${source.lines.length - 1} lines: split by idea (${linesPerFileMax} at most)`)]
    : [];

/** Lines (from, to) of every function that spans more than one line; the formatter puts its end at its own indent. */
function functionsOf(source: SourceFile): readonly { readonly from: number; readonly to: number }[] {
  return source.lines.flatMap((line, index) => {
    if (!/(\)|=>)(: [^=]+)? \{$/.test(line) || /^\s*(if|for|while|switch|else|\} else|do|catch|\} catch)\b/.test(line))
      return [];
    const indent = /^\s*/.exec(line)?.[0] ?? '';
    const to = source.lines.findIndex((later, position) => position > index && later.startsWith(`${indent}}`));
    return to > 0 ? [{ from: index, to }] : [];
  });
}

/** A function's own lines: those of functions inside it are theirs, so a factory of small functions is not long. */
const functionLength: Rule = (source) => {
  if (source.isTest) return [];
  const all = functionsOf(source);
  return all.flatMap(({ from, to }) => {
    const inner = all.filter((one) => one.from > from && one.to < to);
    const own = Array.from({ length: to - from + 1 }, (_, offset) => from + offset).filter(
      (line) => !inner.some((one) => line > one.from && line <= one.to),
    );
    return own.length > linesPerFunctionMax
      ? [at(source, from + 1, `function of ${own.length} lines: give its parts names (${linesPerFunctionMax} at most)`)]
      : [];
  });
};

const noStarExport: Rule = (source) =>
  source.lines.flatMap((line, index) =>
    /^export \*/.test(line) ? [at(source, index + 1, '`export *`: list the names')] : [],
  );

const namedPlaces: Rule = (source) =>
  /(^|\/)(utils?|helpers?|common|misc)(\/|\.|-)/.test(source.path)
    ? [at(source, 1, 'named after nothing: name the file by the noun it holds')]
    : [];

const kebabCase: Rule = (source) =>
  /(^|\/)[^/]*[A-Z_ ][^/]*$/.test(source.path) && !source.path.includes('__')
    ? [at(source, 1, 'file names are kebab-case')]
    : [];

const purity: Rule = (source) => {
  if (!pureRooms.has(source.room) || source.isTest) return [];
  if (source.path === 'packages/base/src/clock.ts' || source.path === 'packages/base/src/rng.ts') return [];
  const banned =
    /\b(Date\.now|new Date\(|Date\.parse|Math\.random|setTimeout|setInterval|setImmediate|queueMicrotask|async |await |performance\.now|process\.(?:env|argv|exit|hrtime|nextTick|cpuUsage)|fetch\()/;
  return blankComments(source.text)
    .split('\n')
    .flatMap((line, index) => {
      const found = banned.exec(line);
      return found === null
        ? []
        : [
            at(
              source,
              index + 1,
              `'${found[1]?.trim()}' in a pure room: take the time from the event and dice from RngState (INV-01)`,
            ),
          ];
    });
};

const erasable: Rule = (source) =>
  source.lines.flatMap((line, index) =>
    /^\s*(export )?(const )?enum \w+ \{|^\s*(export )?namespace \w+ \{/.test(line)
      ? [at(source, index + 1, 'use a union of string literals')]
      : [],
  );

const noMachinePaths: Rule = (source) =>
  source.lines.flatMap((line, index) =>
    /["'` (]\/(work|root|farm|home\/[a-z]+)\//.test(line) ? [at(source, index + 1, 'a path of one machine')] : [],
  );

const rules: readonly Rule[] = [
  opensWithComment,
  fileLength,
  functionLength,
  noStarExport,
  namedPlaces,
  kebabCase,
  purity,
  erasable,
  noMachinePaths,
];

function doorFindings(): readonly Finding[] {
  return listFiles(['package.json']).flatMap((path) => {
    const parsed = JSON.parse(readFileSync(join(repository, path), 'utf8')) as {
      exports?: Record<string, unknown>;
      peerDependenciesMeta?: Record<string, { optional?: boolean }>;
    };
    const peers = Object.entries(parsed.peerDependenciesMeta ?? {}).filter(([, { optional }]) => optional === true);
    // An adapter to a foreign library is a door of its own, named after its optional peer.
    const isAdapter = (door: string) => peers.some(([peer]) => peer.includes(door.slice(2)));
    const doors = Object.keys(parsed.exports ?? {}).filter(
      (door) => door !== './package.json' && door !== './testing' && (door === '.' || !isAdapter(door)),
    );
    return doors.length > doorsMax
      ? [{ path, line: 1, message: `${doors.length} doors: '.' and at most ${doorsMax - 1} named ones` }]
      : [];
  });
}

/** Findings not excused by the list, and excuses that nothing needs any more (the list may only shrink). */
export function inspect(sources: readonly SourceFile[]): readonly Finding[] {
  const all = [
    ...sources.flatMap((source) => rules.flatMap((rule) => rule(source))),
    ...doorFindings(),
    ...errorTableFindings(sources),
    ...invariantFindings(sources),
  ];
  const excused = new Set(JSON.parse(readFileSync(join(repository, 'tools/tidy.exceptions.json'), 'utf8')) as string[]);
  const key = (found: Finding) => `${found.path}: ${found.message.split(':')[0]?.replace(/\d+/g, 'N')}`;
  const used = new Set(all.map(key));
  const stale = [...excused]
    .filter((entry) => !used.has(entry))
    .map((entry) => ({
      path: 'tools/tidy.exceptions.json',
      line: 1,
      message: `no longer needed, remove it: "${entry}"`,
    }));
  return [...all.filter((found) => !excused.has(key(found))), ...stale];
}

if (import.meta.main) {
  const found = inspect(readSources());
  for (const { path, line, message } of found) console.error(`${path}:${line}  ${message}`);
  process.exitCode = found.length === 0 ? 0 : 1;
}
