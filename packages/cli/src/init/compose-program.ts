// What a Compose service runs, seen from this machine: its own command, else what its Dockerfile starts, else the start script
// of its folder. Paths inside of the image are taken as paths of the build folder where such a file exists.
import { existsSync, readFileSync } from 'node:fs';
import { join, posix } from 'node:path';
import { isRecord, type ProgramDraft } from './draft.ts';
import { packageProgram, readPackage, runScript } from './package-scripts.ts';
import { programOf, splitCommandLine } from './program.ts';

export interface ComposeProgram {
  readonly folder: string;
  readonly program: ProgramDraft;
  readonly env: Readonly<Record<string, string>>;
}

type Miss = (what: string, why: string) => void;

export function composeProgram(
  entry: Readonly<Record<string, unknown>>,
  root: string,
  miss: Miss,
): ComposeProgram | undefined {
  const build = entry['build'];
  const context = isRecord(build) ? build['context'] : build;
  const folder = posix.relative('.', posix.normalize(typeof context === 'string' ? context : '.'));
  if (folder.startsWith('..') || !existsSync(join(root, folder))) {
    miss('build', `there is no folder ${folder} here`);
    return undefined;
  }
  const dockerfile = isRecord(build) && typeof build['dockerfile'] === 'string' ? build['dockerfile'] : 'Dockerfile';
  const image = readDockerfile(join(root, folder, dockerfile));
  const words = [...wordsOf(entry['entrypoint'] ?? image.entrypoint), ...wordsOf(entry['command'] ?? image.command)];
  if (words.includes('')) {
    miss('command', 'it needs a shell: write it as a script');
    return undefined;
  }
  if (words.length > 0) return fromWords(words, root, folder);
  const json = readPackage(join(root, folder));
  const found = json === undefined ? undefined : packageProgram(root, folder, json);
  if (found !== undefined) return { folder, program: found.program, env: found.env };
  miss('command', 'neither it, nor its Dockerfile, nor a package.json says what to run');
  return undefined;
}

function fromWords(written: readonly string[], root: string, folder: string): ComposeProgram {
  const line = splitCommandLine(written.map((word) => (/\s/.test(word) ? `'${word}'` : word)).join(' '));
  const words = (line?.argv ?? written).map((word) => onThisMachine(word, root, folder));
  const [program = '', run, script = run] = words;
  const json = readPackage(join(root, folder));
  const name = ['npm', 'pnpm', 'yarn'].includes(program) ? (run === 'run' ? script : run) : undefined;
  if (name !== undefined && json?.scripts[name] !== undefined) {
    const found = runScript({ root, folder, json, script: name });
    return { folder, program: found.program, env: { ...line?.env, ...found.env } };
  }
  const stripped = words[0] === 'docker-entrypoint.sh' ? words.slice(1) : words;
  return { folder, program: programOf(stripped, root, folder), env: line?.env ?? {} };
}

/** '/app/dist/main.js' -> 'dist/main.js' where the build folder has it. */
function onThisMachine(word: string, root: string, folder: string): string {
  if (!word.startsWith('/')) return word;
  const steps = word.split('/').filter((step) => step !== '');
  for (let from = 0; from < steps.length; from++) {
    const path = steps.slice(from).join('/');
    if (existsSync(join(root, folder, path))) return path;
  }
  return word;
}

interface ImageProgram {
  readonly entrypoint: unknown;
  readonly command: unknown;
}

/** The last CMD and ENTRYPOINT of the last stage. */
function readDockerfile(path: string): ImageProgram {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch {
    return { entrypoint: undefined, command: undefined };
  }
  const last = (keyword: string): unknown => {
    const stage =
      text
        .replace(/\\\r?\n/g, ' ')
        .split(/^\s*FROM\s/im)
        .at(-1) ?? '';
    const found = [...stage.matchAll(new RegExp(`^\\s*${keyword}\\s+(.+)$`, 'gim'))].at(-1)?.[1]?.trim();
    if (found === undefined || !found.startsWith('[')) return found;
    try {
      return JSON.parse(found);
    } catch {
      return undefined;
    }
  };
  return { entrypoint: last('ENTRYPOINT'), command: last('CMD') };
}

/** Words of a list or a text; [''] where only a shell could run it. */
function wordsOf(input: unknown): readonly string[] {
  if (Array.isArray(input)) return input.map(String);
  if (typeof input !== 'string' || input.trim() === '') return [];
  return splitCommandLine(input)?.argv ?? [''];
}
