// The sealed room in which a declaration is evaluated: a short-lived process of its own, so that a config that loops, exits
// or opens servers harms nobody, and so that each reading starts fresh. Its only word goes to the parent by IPC; then it is
// killed. Started by evaluation.ts with the file as its argument; nothing else imports this.
import { readFileSync } from 'node:fs';
import { registerHooks, stripTypeScriptTypes } from 'node:module';
import { dirname, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { Script, SourceTextModule } from 'node:vm';
import type { EvaluationReport, OddValue, SyntaxFault } from './evaluation.ts';

const door = new URL('../index.ts', import.meta.url).href;

// A declaration may be evaluated before `npm install`, and always by the version that will act on it. (A pattern, not a
// text: the release rewrites quoted names of packages.)
registerHooks({
  resolve: (specifier, context, next) =>
    /^hale$/.test(specifier) ? { url: door, shortCircuit: true } : next(specifier, context),
});

const file = process.argv[2] ?? '';
process.on('disconnect', () => process.exit(1));

async function evaluate(): Promise<EvaluationReport> {
  try {
    const module = (await import(pathToFileURL(file).href)) as Readonly<Record<string, unknown>>;
    if (!('default' in module)) return { kind: 'no-default', names: Object.keys(module) };
    const odd: OddValue[] = [];
    const declaration = toPlain(await module['default'], { path: '', depth: 0, odd });
    return { kind: 'declared', declaration, odd, faults: findSyntaxFaults(declaration) };
  } catch (error) {
    const { name, code, message, stack } = (error instanceof Error ? error : {}) as Partial<NodeJS.ErrnoException>;
    return {
      kind: 'threw',
      name: String(name ?? 'a value'),
      code: code === undefined ? undefined : String(code),
      message: message ?? describeThrown(error),
      stack: String(stack ?? '').slice(0, 8000),
    };
  }
}

function describeThrown(error: unknown): string {
  try {
    return String(error);
  } catch {
    return 'something that cannot be shown';
  }
}

interface Place {
  readonly path: string;
  readonly depth: number;
  readonly odd: OddValue[];
}

/** Plain data only: what cannot be written down is reported with its path, and left out. */
function toPlain(value: unknown, place: Place): unknown {
  if (typeof value === 'function' || typeof value === 'symbol' || typeof value === 'bigint') {
    if (place.odd.length < 100) place.odd.push({ path: place.path, what: typeof value });
    return undefined;
  }
  if (typeof value !== 'object' || value === null) return value;
  if (place.depth > 20) {
    place.odd.push({ path: place.path, what: 'nesting without end' });
    return undefined;
  }
  const inside = (step: string): Place => ({ ...place, path: place.path + step, depth: place.depth + 1 });
  if (Array.isArray(value)) return value.slice(0, 10_000).map((item, index) => toPlain(item, inside(`[${index}]`)));
  const plain: Record<string, unknown> = {};
  for (const [key, item] of Object.entries(value)) {
    const step = /^[A-Za-z_$][\w$-]*$/.test(key) ? `${place.path === '' ? '' : '.'}${key}` : `[${JSON.stringify(key)}]`;
    plain[key] = toPlain(item, inside(step));
  }
  return plain;
}

/** Files of `run` that Node could not load: decorators, enums and the like are found before anything is started. */
function findSyntaxFaults(declaration: unknown): readonly SyntaxFault[] {
  const services = (declaration as { services?: unknown } | undefined)?.services;
  if (typeof services !== 'object' || services === null) return [];
  return Object.entries(services).flatMap(([service, options]) => {
    const run = (options as { run?: unknown } | undefined)?.run;
    if (typeof run !== 'string' || !/\.[mc]?ts$/.test(run)) return [];
    const fault = syntaxFault(resolve(dirname(file), run));
    return fault === undefined ? [] : [{ service, run, ...fault }];
  });
}

function syntaxFault(path: string): Pick<SyntaxFault, 'message' | 'line'> | undefined {
  let source: string;
  try {
    source = readFileSync(path, 'utf8');
  } catch {
    return undefined; // said by the check of files
  }
  let script: string;
  try {
    script = stripTypeScriptTypes(source);
  } catch (error) {
    const { message, stack } = error as Error;
    const line = /:(\d+)\n/.exec(stack ?? '')?.[1];
    return { message, line: line === undefined ? undefined : Number(line) };
  }
  const asModule = compileFault(() => new SourceTextModule(script));
  if (asModule === undefined) return undefined;
  // CommonJS may do what modules may not (`return` at the top, `await` as a name).
  const asCommonJs = compileFault(() => new Script(`(function (exports, require, module) {${script}\n})`));
  return asCommonJs === undefined ? undefined : decoratorOr(asModule, script);
}

function compileFault(compile: () => unknown): string | undefined {
  try {
    compile();
    return undefined;
  } catch (error) {
    return (error as Error).message;
  }
}

function decoratorOr(message: string, script: string): Pick<SyntaxFault, 'message' | 'line'> {
  const decorator = /^\s*@[A-Za-z_$]/m.exec(script);
  if (decorator === null) return { message, line: undefined };
  const line = script.slice(0, decorator.index + decorator[0].length).split('\n').length;
  return { message: 'decorators are not JavaScript yet', line };
}

const report = await evaluate();
process.send?.(report);
