// Does this program open a port, and does it ask PORT which? Looked up in the text of its entry file: a guess, said as a
// guess. Where nothing is known, nothing is claimed.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Listening, ProgramDraft } from './draft.ts';
import { entryOf } from './program.ts';

export interface ListeningFacts {
  readonly root: string;
  readonly folder: string;
  readonly program: ProgramDraft;
  /** A port that its configuration names (PORT, or Compose's container port). */
  readonly port: number | undefined;
  /** Whether that came from PORT: then the program reads it. */
  readonly fromEnv: boolean;
  /** Where users reached it, if that is known. */
  readonly published?: number | undefined;
}

/** Web servers that read PORT themselves. */
const servers = new Set(['next', 'remix-serve', 'nuxt', 'react-router-serve']);
const readsPort = /\bprocess\.env(\.PORT\b|\[['"]PORT['"]\])|environ(\.get\(|\[)['"]PORT['"]|ENV\[['"]PORT['"]\]/;
const opensPort =
  /\.listen\s*\(|createServer\s*\(|\bserve\s*\(|createService\s*\(|Deno\.serve|HTTPServer\s*\(|\.run\s*\(/;
const literalPort = /\.listen\s*\(\s*(?:\{\s*port:\s*)?(\d{2,5})\b/;

export function listeningOf(facts: ListeningFacts): Listening {
  const text = entryText(facts);
  const { port, published } = facts;
  const reads = facts.fromEnv || (text !== undefined && readsPort.test(text)) || usesServer(facts.program);
  const literal = literalPort.exec(text ?? '')?.[1];
  const known = port ?? (reads || literal === undefined ? undefined : Number(literal));
  if (known !== undefined || reads) {
    return {
      kind: 'listens',
      reads,
      ...(known === undefined ? {} : { port: known }),
      ...(published === undefined ? {} : { published }),
    };
  }
  if (text === undefined || opensPort.test(text)) return { kind: 'unknown' };
  return { kind: 'silent' };
}

function usesServer(program: ProgramDraft): boolean {
  return 'command' in program && program.command.slice(0, 2).some((word) => servers.has(word));
}

const textLengthMax = 1_000_000;

function entryText({ root, folder, program }: ListeningFacts): string | undefined {
  const entry = entryOf(program, folder);
  if (entry === undefined) return undefined;
  try {
    return readFileSync(join(root, entry), 'utf8').slice(0, textLengthMax);
  } catch {
    return undefined;
  }
}
