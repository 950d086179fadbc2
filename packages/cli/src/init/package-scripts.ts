// What a package.json says to run: its `start` script, else `dev`, else a `main` that opens a port. A package with none of
// these is a library and not a service.
import { existsSync, readFileSync } from 'node:fs';
import { join, posix } from 'node:path';
import { isRecord, type ProgramDraft } from './draft.ts';
import { listeningOf } from './listening.ts';
import { programOf, splitCommandLine } from './program.ts';

export interface PackageJson {
  readonly name?: string;
  readonly main?: string;
  /** 'commonjs' said aloud: then `import` works only in .mts and .mjs files. */
  readonly isCommonJs: boolean;
  /** Names of what it asks for, at run time or to develop. */
  readonly dependencies: readonly string[];
  readonly scripts: Readonly<Record<string, string>>;
  readonly workspaces: readonly string[];
}

/** Undefined when there is none, or it is not JSON. */
export function readPackage(folder: string): PackageJson | undefined {
  let value: unknown;
  try {
    value = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
  } catch {
    return undefined;
  }
  if (!isRecord(value)) return undefined;
  const { name, main, scripts, workspaces } = value;
  const patterns = isRecord(workspaces) ? workspaces['packages'] : workspaces;
  return {
    ...(typeof name === 'string' ? { name } : {}),
    ...(typeof main === 'string' ? { main } : {}),
    isCommonJs: value['type'] === 'commonjs',
    dependencies: ['dependencies', 'devDependencies'].flatMap((kind) =>
      Object.keys(isRecord(value[kind]) ? value[kind] : {}),
    ),
    scripts: Object.fromEntries(
      Object.entries(isRecord(scripts) ? scripts : {}).filter(
        (pair): pair is [string, string] => typeof pair[1] === 'string',
      ),
    ),
    workspaces: Array.isArray(patterns) ? patterns.filter((pattern) => typeof pattern === 'string') : [],
  };
}

export interface PackageProgram {
  readonly program: ProgramDraft;
  readonly env: Readonly<Record<string, string>>;
  readonly script: string;
}

/** How the package in `folder` of `root` is run; undefined for a library. */
export function packageProgram(root: string, folder: string, json: PackageJson): PackageProgram | undefined {
  for (const script of ['start', 'dev']) {
    const line = json.scripts[script];
    // `hale up` itself is no service.
    if (line === undefined || /^hale\b/.test(line)) continue;
    return runScript({ root, folder, json, script });
  }
  const { main } = json;
  if (main === undefined || !existsSync(join(root, folder, main))) return undefined;
  const program: ProgramDraft = { run: posix.join(folder, main) };
  const listening = listeningOf({ root, folder, program, port: undefined, fromEnv: false });
  return listening.kind === 'silent' ? undefined : { program, env: {}, script: 'main' };
}

export interface ScriptPlace {
  readonly root: string;
  readonly folder: string;
  readonly json: PackageJson;
  readonly script: string;
}

/** The program behind `npm run <script>`: the program itself where no shell is needed. */
export function runScript({ root, folder, json, script }: ScriptPlace): PackageProgram {
  const words = splitCommandLine(json.scripts[script] ?? '');
  if (words === undefined) return { program: { command: ['npm', 'run', script] }, env: {}, script };
  return { program: programOf(words.argv, root, folder), env: words.env, script };
}
