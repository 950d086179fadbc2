// From a command line as people write it in package.json, PM2 or a Dockerfile to what Hale runs: a file for Node where it is
// one (best watched: no npm or shell stands between), else a list of words. Guesses nothing that needs a shell.
import { existsSync } from 'node:fs';
import { join, posix } from 'node:path';
import type { ProgramDraft } from './draft.ts';

export interface CommandLine {
  /** Leading NAME=value words. */
  readonly env: Readonly<Record<string, string>>;
  readonly argv: readonly string[];
}

/** Words of a simple command line; undefined when only a shell can run it. */
export function splitCommandLine(line: string): CommandLine | undefined {
  const words: string[] = [];
  for (const match of line.matchAll(/"((?:[^"\\$`]|\\.)*)"|'([^']*)'|([^\s"']+)|(["'])/g)) {
    const [, double, single, bare, stray] = match;
    if (stray !== undefined) return undefined;
    if (bare !== undefined && /[&|;<>$`()*?~\\]/.test(bare)) return undefined;
    words.push(double ?? single ?? bare ?? '');
  }
  const env: Record<string, string> = {};
  if (words[0] === 'cross-env') words.shift();
  for (let word = words[0]; word !== undefined; word = words[0]) {
    const assignment = /^([A-Za-z_]\w*)=(.*)$/.exec(word);
    if (assignment === null) break;
    env[assignment[1] ?? ''] = assignment[2] ?? '';
    words.shift();
  }
  return words.length === 0 ? undefined : { env, argv: words };
}

const nodeFile = /\.[cm]?[jt]s$/;

/** `argv` in `folder` of `root` as Hale runs it best. Watchers are taken off: Hale restarts by itself. */
export function programOf(argv: readonly string[], root: string, folder: string): ProgramDraft {
  const [word = '', ...rest] = withoutWatcher(argv);
  const [file = '', ...more] = rest;
  if (word === 'node' && more.length === 0) {
    const found = [file, `${file}.js`, posix.join(file, 'index.js')].find(
      (candidate) => nodeFile.test(candidate) && existsSync(join(root, folder, candidate)),
    );
    if (found !== undefined) return { run: posix.join(folder, found) };
  }
  const binary = join('node_modules', '.bin', word);
  const installed = existsSync(join(root, folder, binary)) || existsSync(join(root, binary));
  const known = ['tsx', 'ts-node', 'next', 'nest', 'vite', 'nuxt', 'remix-serve', 'astro'].includes(word);
  return { command: installed || known ? ['npx', word, ...rest] : [word, ...rest] };
}

function withoutWatcher(argv: readonly string[]): readonly string[] {
  const [word = '', ...rest] = argv;
  if (word === 'npx' && rest[0] !== undefined && !rest[0].startsWith('-')) return withoutWatcher(rest);
  if (word === 'nodemon' || word === 'node-dev') return ['node', ...rest];
  if (word === 'ts-node-dev') return ['ts-node', ...rest.filter((other) => !other.startsWith('--'))];
  if (word === 'tsx' && rest[0] === 'watch') return ['tsx', ...rest.slice(1)];
  if (word === 'node') return ['node', ...rest.filter((other) => other !== '--watch')];
  return argv;
}

/** The file among `program` that can be read to see whether it listens. */
export function entryOf(program: ProgramDraft, folder: string): string | undefined {
  if ('run' in program) return program.run;
  const file = program.command.find((word, index) => index > 0 && /\.([cm]?[jt]s|py|rb|php)$/.test(word));
  return file === undefined ? undefined : posix.join(folder, file);
}
