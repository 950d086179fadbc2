// `node tools/docs.ts`: writes docs/reference/errors.md from the rooms' error tables, so that the page cannot be wrong about a
// hint. tools/tidy.ts fails when a code is missing from it or stale; running this again mends both.
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { readSources, repository, type SourceFile } from './source.ts';

const page = 'docs/reference/errors.md';
const rooms = ['MODEL', 'RESILIENCE', 'SDK', 'PLATFORM', 'CONTROL', 'DRILL', 'CLI'] as const;
const quoted = String.raw`'((?:\\.|[^'\\])*)'|"((?:\\.|[^"\\])*)"|` + '`((?:\\\\.|[^`\\\\])*)`';

interface Entry {
  readonly code: string;
  readonly message: string;
  readonly hint: string;
}

/** What follows a code in a table or at the place where it is thrown: a hint, or an object with one. */
function readEntry(code: string, text: string): Entry | undefined {
  for (const match of text.matchAll(new RegExp(`['"]?${code}['"]?`, 'g'))) {
    const rest = text.slice(match.index + match[0].length, match.index + match[0].length + 700);
    const own = rest.split(/HALE_[A-Z]+_[A-Z]/)[0] ?? rest;
    const direct = new RegExp(`^\\s*:\\s*(?:${quoted})`).exec(own);
    const hint = direct ?? new RegExp(`hint:\\s*(?:${quoted})`).exec(own);
    if (hint === null) continue;
    const message = new RegExp(`message:\\s*(?:${quoted})`).exec(own);
    return { code, message: textOf(message), hint: textOf(hint) };
  }
  return undefined;
}

function textOf(match: RegExpExecArray | null): string {
  const raw = match?.[1] ?? match?.[2] ?? match?.[3] ?? '';
  return raw
    .replace(/\\(.)/g, '$1')
    .replace(/\$\{[^}]*\}/g, '...')
    .replace(/\|/g, '\\|');
}

export function collect(sources: readonly SourceFile[]): readonly Entry[] {
  const own = sources.filter((source) => !source.isTest && source.room !== 'tools');
  const tables = [...own].sort((a, b) => Number(b.path.endsWith('errors.ts')) - Number(a.path.endsWith('errors.ts')));
  const codes = new Set(
    own.flatMap((source) =>
      [...source.text.matchAll(/\bHALE_[A-Z]+_[A-Z0-9_]*[A-Z0-9]\b(?!_)/g)].map(([code]) => code),
    ),
  );
  return [...codes]
    .filter((code) => rooms.some((room) => code.startsWith(`HALE_${room}_`)))
    .sort()
    .flatMap((code) => tables.map((source) => readEntry(code, source.text)).find((entry) => entry !== undefined) ?? []);
}

function render(entries: readonly Entry[]): string {
  const sections = rooms.flatMap((room) => {
    const own = entries.filter((entry) => entry.code.startsWith(`HALE_${room}_`));
    if (own.length === 0) return [];
    const rows = own.map(
      ({ code, message, hint }) => `| \`${code}\` | ${message === '' ? '' : `${message}. `}${hint} |`,
    );
    return [
      `## ${room.toLowerCase()}`,
      '',
      '| code | what it means, and the next thing to do |',
      '|---|---|',
      ...rows,
      '',
    ];
  });
  return [
    '# Errors',
    '',
    'Every code that Hale answers with. Written by `node tools/docs.ts` from the tables in the code.',
    '',
    ...sections,
  ].join('\n');
}

if (import.meta.main) {
  const file = join(repository, page);
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, render(collect(readSources())));
}
