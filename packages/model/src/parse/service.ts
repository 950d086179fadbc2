// One service as declared -> one ServiceSpec. Looks at this service alone; what depends on others is in checks.ts.
import type { Problem } from '@hale/base';
import { graceDefault, hangDefault, replicasDefault } from '../defaults.ts';
import { isSecretName } from '../masking.ts';
import type { EnvValue, Program, ServiceSpec } from '../spec.ts';
import { extensionOf, resolvePath } from './paths.ts';
import { readProbes } from './probes.ts';
import { errorAt, type Path, warningAt } from './problems.ts';
import { describe, readEnvValue } from './readers.ts';
import { readShape, type ServiceShape, serviceShape } from './shapes.ts';

export interface ServiceContext {
  readonly name: string;
  readonly root: string;
  readonly zones: readonly string[];
}

export interface ServiceRead {
  /** Undefined when a field of its own is wrong. */
  readonly spec: ServiceSpec | undefined;
  readonly problems: readonly Problem[];
}

export function readService(input: unknown, context: ServiceContext): ServiceRead {
  const path = ['services', context.name];
  const wrong = wrongKind(input, path);
  if (wrong !== undefined) return { spec: undefined, problems: [wrong] };
  const read = readShape(serviceShape, input, path);
  const shape = read.value;
  if (shape === undefined) return { spec: undefined, problems: [...read.problems, ...programProblems(input, path)] };
  const program = readProgram(shape, context.root, path);
  const environment = readEnv(shape.env, path);
  const hasPort = typeof shape.port === 'number' || (shape.port !== false && shape.probes?.ready !== false);
  const probes = readProbes(shape.probes, hasPort, [...path, 'probes']);
  const problems = [...read.problems, ...program.problems, ...environment.problems, ...probes.problems];
  if (program.program === undefined) return { spec: undefined, problems };
  const spec: ServiceSpec = {
    name: context.name,
    program: program.program,
    cwd: resolvePath(context.root, shape.cwd ?? '.'),
    env: environment.env,
    envFile: shape.envFile === undefined ? undefined : resolvePath(context.root, shape.envFile),
    port: shape.port === false ? undefined : shape.port,
    replicas: shape.replicas ?? replicasDefault,
    zones: (shape.zones as readonly string[] | undefined) ?? context.zones,
    uses: (shape.uses ?? []).filter((name) => typeof name === 'string'),
    probes: probes.probes,
    hang: { afterMs: shape.hang?.after ?? hangDefault.afterMs, action: shape.hang?.action ?? hangDefault.action },
    limits: { memoryBytes: shape.limits?.memory },
    grace: { drainMs: shape.grace?.drain ?? graceDefault.drainMs, stopMs: shape.grace?.stop ?? graceDefault.stopMs },
    slo: { availability: shape.slo?.availability, p99Ms: shape.slo?.p99 },
    idempotencyKeys: shape.idempotencyKeys ?? false,
    api: shape.api === undefined ? undefined : resolvePath(context.root, shape.api),
  };
  return { spec, problems };
}

function wrongKind(input: unknown, path: Path): Problem | undefined {
  const isObject = typeof input === 'object' && input !== null && !Array.isArray(input);
  if (isObject && (input as { kind?: unknown }).kind === 'service') return undefined;
  const found = describe(input);
  const hint = found === 'a postgres()' ? 'move it to resources: { ... }' : "write service({ run: 'main.ts' })";
  return errorAt(path, { message: `expected a service(), got ${found}`, hint });
}

/** Said even where other fields are wrong, so that all problems come at once. */
function programProblems(input: unknown, path: Path): readonly Problem[] {
  const { run, command } = input as { run?: unknown; command?: unknown };
  if (run === undefined && command === undefined) return [noProgram(path)];
  return run !== undefined && command !== undefined ? [twoPrograms(path)] : [];
}

const noProgram = (path: Path) =>
  errorAt(path, { message: 'nothing to run', hint: "add run: 'main.ts', or command: ['program', 'argument']" });
const twoPrograms = (path: Path) =>
  errorAt(path, {
    message: 'both run and command are given',
    hint: 'keep one of them: run is a file for Node, command any program',
  });

const nodeExtensions = ['.ts', '.mts', '.cts', '.js', '.mjs', '.cjs'];

function readProgram(
  { run, command }: ServiceShape,
  root: string,
  path: Path,
): { readonly program: Program | undefined; readonly problems: readonly Problem[] } {
  if (run !== undefined && command !== undefined) return { program: undefined, problems: [twoPrograms(path)] };
  if (command !== undefined) return { program: { kind: 'command', argv: command }, problems: [] };
  if (run === undefined) return { program: undefined, problems: [noProgram(path)] };
  const program: Program = { kind: 'module', file: resolvePath(root, run) };
  const extension = extensionOf(run);
  if (nodeExtensions.includes(extension)) return { program, problems: [] };
  const complaint = {
    message: `Node cannot run '${run}' by itself`,
    hint: commandFor(run, extension),
  };
  return { program, problems: [errorAt([...path, 'run'], complaint)] };
}

function commandFor(run: string, extension: string): string {
  if (run.includes(' '))
    return `run takes one file; write command: [${run
      .split(/\s+/)
      .map((word) => `'${word}'`)
      .join(', ')}]`;
  if (extension === '.tsx' || extension === '.jsx') return `write command: ['npx', 'tsx', '${run}']`;
  if (extension === '.py') return `write command: ['python3', '${run}']`;
  if (extension === '.sh') return `write command: ['sh', '${run}']`;
  if (extension === '') return `write run: '${run}.ts', or command: ['${run}']`;
  return `write command: ['program', '${run}']`;
}

const toldByHale =
  /^HALE_(SYSTEM|SERVICE|REPLICA|ORDINAL|INCARNATION|RUNTIME_DIR|ZONE|TABLE|LISTENERS|RELEASE|HEARTBEAT|(URL|DB)_[A-Z0-9_]+)$/;

/** What Hale tells the process itself; a declaration that says otherwise would be overruled in silence. */
function reserved(name: string): string | undefined {
  if (name === 'PORT') return 'write port: 3000 for a fixed port; otherwise Hale picks one';
  if (toldByHale.test(name)) return 'choose another name: this is how Hale speaks to the process';
  return undefined;
}

function readEnv(
  input: Readonly<Record<string, unknown>> | undefined,
  path: Path,
): { readonly env: Readonly<Record<string, EnvValue>>; readonly problems: readonly Problem[] } {
  const env: Record<string, EnvValue> = {};
  const problems: Problem[] = [];
  for (const [name, value] of Object.entries(input ?? {})) {
    if (value === undefined) continue;
    const at = [...path, 'env', name];
    const hint = reserved(name);
    if (hint !== undefined) problems.push(errorAt(at, { message: `${name} is set by Hale`, hint }));
    if (name === '' || name.includes('=') || name.includes('\0')) {
      problems.push(errorAt(at, { message: `'${name}' cannot be the name of a variable`, hint: 'write NAME' }));
    }
    const read = readEnvValue(value);
    if ('complaint' in read) problems.push(errorAt(at, read.complaint));
    else {
      env[name] = read.value;
      if (read.value.kind === 'text' && read.value.text !== '' && isSecretName(name)) {
        const message = `${name} looks like a secret, and plain text is shown in plans and kept with each release`;
        problems.push(warningAt(at, { message, hint: `write ${name}: secret('${name}')` }));
      }
    }
  }
  return { env, problems };
}
