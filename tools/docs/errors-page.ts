// docs/reference/errors.md, written from the rooms' tables of errors, so that the page cannot be wrong about a hint.
import type { SourceFile } from '../source.ts';
import { readCodes } from '../tidy-errors.ts';

const rooms = ['MODEL', 'RESILIENCE', 'SDK', 'PLATFORM', 'CONTROL', 'DRILL', 'CLI'] as const;
const text = `'((?:\\\\.|[^'\\\\])*)'|"((?:\\\\.|[^"\\\\])*)"|\`((?:\\\\.|[^\`\\\\])*)\``;
const direct = new RegExp(`^['"]?\\s*:\\s*(?:${text})`);
const hint = new RegExp(`hint:\\s*(?:${text})`);
const message = new RegExp(`message:\\s*(?:${text})`);

interface Entry {
  readonly code: string;
  readonly message: string;
  readonly hint: string;
}

export function errorsPage(sources: readonly SourceFile[]): string {
  const { explained } = readCodes(sources);
  const textOf = new Map(sources.map((source) => [source.path, source]));
  const entries = [...explained].sort().flatMap(([code, place]) => {
    const lines = textOf.get(place.path)?.lines.slice(place.line - 1, place.line + 8) ?? [];
    return readEntry(code, lines.join('\n')) ?? [];
  });
  return [
    '# Errors',
    '',
    'Every code that Hale answers with, and the next thing to do. A code is stable: scripts may rely on it. `--json` gives',
    '`{ "error": { "code", "message", "hint" } }`; the message says what happened, with the names of your system in it.',
    '',
    ...rooms.flatMap((room) => section(room, entries)),
  ].join('\n');
}

/** What follows a code in a table or at the place where it is thrown: a hint, or an object with one. */
function readEntry(code: string, from: string): Entry | undefined {
  const rest = from.slice(from.indexOf(code) + code.length);
  const own = rest.split(/HALE_[A-Z]+_[A-Z]/)[0] ?? rest;
  const found = direct.exec(own) ?? hint.exec(own);
  return found === null ? undefined : { code, message: plain(message.exec(own)), hint: plain(found) };
}

function plain(match: RegExpExecArray | null): string {
  const raw = match?.[1] ?? match?.[2] ?? match?.[3] ?? '';
  return raw
    .replace(/\\(.)/g, '$1')
    .replace(/\$\{[^}]*\}/g, '...')
    .replace(/\|/g, '\\|')
    .replace(/<(?=\w)/g, '\\<');
}

function section(room: string, entries: readonly Entry[]): readonly string[] {
  const own = entries.filter(({ code }) => code.startsWith(`HALE_${room}_`));
  if (own.length === 0) return [];
  const rows = own.map(({ code, message, hint }) => `| \`${code}\` | ${message === '' ? '' : `${message}. `}${hint} |`);
  return [`## ${room.toLowerCase()}`, '', '| code | what to do |', '|---|---|', ...rows, ''];
}
