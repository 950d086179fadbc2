// Do the things that a declaration points at exist? Programs, folders and env files are looked at before anything is
// started, so that a slip of the pen is a line on the screen and not a crash loop. Reads names and rights, no contents
// (of secrets: the names).
import { accessSync, constants, readdirSync, readFileSync, statSync } from 'node:fs';
import { basename, delimiter, dirname, isAbsolute, join, relative, resolve } from 'node:path';
import type { Problem } from '@hale/base';
import type { EnvValue, ServiceSpec, SystemSpec } from '@hale/model';

/** Everything that is missing or unreadable, for all services. `environment` is what processes would inherit. */
export function checkFiles(
  spec: SystemSpec,
  environment: Readonly<Record<string, string | undefined>>,
): readonly Problem[] {
  const sealed = sealedNames(spec.root);
  const ofServices = Object.values(spec.services).flatMap((service) => [
    ...checkFolder(service, spec.root),
    ...checkModule(service, spec.root),
    ...checkCommand(service, environment),
    ...checkEnvFile(service, spec.root),
    ...checkApi(service, spec.root),
    ...checkReferences(service, environment, sealed),
  ]);
  return [
    ...ofServices,
    ...checkAddresses(spec, environment, sealed),
    ...checkTls(spec),
    ...checkGatewayProgram(spec, environment),
  ];
}

/** A real balancer that is not there: nobody could be let in. */
function checkGatewayProgram(
  { gateway }: SystemSpec,
  environment: Readonly<Record<string, string | undefined>>,
): readonly Problem[] {
  const program = gateway?.program;
  if (program === undefined || program.kind === 'embedded' || program.include !== undefined) return [];
  const { kind, bin } = program;
  const places = bin.includes('/')
    ? [bin]
    : [...(environment['PATH'] ?? '').split(delimiter), '/usr/sbin', '/sbin'].map((folder) => join(folder, bin));
  if (places.some((place) => executable(place) === undefined)) return [];
  const message = bin.includes('/') ? `${bin} ${executable(bin)}` : `there is no program '${bin}' on the PATH`;
  const hint = `apt-get install ${kind === 'nginx' ? 'nginx-light' : 'haproxy'}, or give its path as bin`;
  return [{ severity: 'error', path: 'gateway.bin', message, hint }];
}

function checkTls({ gateway, root }: SystemSpec): readonly Problem[] {
  return Object.entries({ cert: gateway?.tls?.certFile, key: gateway?.tls?.keyFile }).flatMap(([field, file]) => {
    const fault = file === undefined ? undefined : unreadable(file);
    if (file === undefined || fault === undefined) return [];
    const shown = relative(root, file);
    const message = fault === 'missing' ? `there is no file ${shown}` : `${shown} ${fault}`;
    const hint =
      fault === 'missing' ? (neighbour(file, root) ?? 'correct the path') : `check its rights: ls -l ${shown}`;
    return [{ severity: 'error', path: `gateway.tls.${field}`, message, hint }];
  });
}

/** What can be said of a declaration with other faults: programs that are not there, so that all is said at once. */
export function checkPrograms(declaration: unknown, root: string): readonly Problem[] {
  const services = (declaration as { services?: unknown } | null | undefined)?.services;
  if (typeof services !== 'object' || services === null) return [];
  return Object.entries(services).flatMap(([name, given]: [string, { run?: unknown } | null | undefined]) => {
    const run = given?.run;
    if (typeof run !== 'string' || run === '') return [];
    return checkModule({ name, program: { kind: 'module', file: resolve(root, run) }, cwd: root }, root);
  });
}

type Severity = Problem['severity'];

function at(
  service: Pick<ServiceSpec, 'name'>,
  field: string,
  [severity, message, hint]: readonly [Severity, string, string],
): Problem {
  return { severity, path: `services.${service.name}.${field}`, message, hint };
}

function checkFolder(service: ServiceSpec, root: string): readonly Problem[] {
  if (statSync(service.cwd, { throwIfNoEntry: false })?.isDirectory()) return [];
  const shown = relative(root, service.cwd);
  return [
    at(service, 'cwd', ['error', `there is no folder ${shown}`, neighbour(service.cwd, root) ?? `mkdir -p ${shown}`]),
  ];
}

function checkModule(service: Pick<ServiceSpec, 'name' | 'program' | 'cwd'>, root: string): readonly Problem[] {
  if (service.program.kind !== 'module') return [];
  const { file } = service.program;
  const shown = relative(root, file);
  const fault = unreadable(file);
  if (fault === undefined) return [];
  if (fault !== 'missing')
    return [at(service, 'run', ['error', `${shown} ${fault}`, `check its rights: ls -l ${shown}`])];
  const fromCwd = join(service.cwd, shown);
  const hint =
    unreadable(fromCwd) === undefined
      ? `run is seen from the folder of the declaration: write '${relative(root, fromCwd)}'`
      : (neighbour(file, root) ?? 'correct the path, or write the file');
  return [at(service, 'run', ['error', `there is no file ${shown}`, hint])];
}

function checkEnvFile(service: ServiceSpec, root: string): readonly Problem[] {
  if (service.envFile === undefined) return [];
  const fault = unreadable(service.envFile);
  const shown = relative(root, service.envFile);
  if (fault === undefined) return [];
  const hint =
    fault === 'missing' ? (neighbour(service.envFile, root) ?? `touch ${shown}`) : `check its rights: ls -l ${shown}`;
  return [
    at(service, 'envFile', ['error', fault === 'missing' ? `there is no file ${shown}` : `${shown} ${fault}`, hint]),
  ];
}

function checkApi(service: ServiceSpec, root: string): readonly Problem[] {
  const fault = service.api === undefined ? undefined : unreadable(service.api);
  if (service.api === undefined || fault === undefined) return [];
  const shown = relative(root, service.api);
  const said = fault === 'missing' ? `there is no file ${shown}` : `${shown} ${fault}`;
  return [at(service, 'api', ['error', said, neighbour(service.api, root) ?? 'correct the path, or write the file'])];
}

/** A program named by a path must be there; one named by a word is only warned about, because PATH may differ where it runs. */
function checkCommand(
  service: ServiceSpec,
  environment: Readonly<Record<string, string | undefined>>,
): readonly Problem[] {
  if (service.program.kind !== 'command') return [];
  const word = service.program.argv[0] ?? '';
  if (word.includes('/')) {
    const fault = executable(resolve(service.cwd, word));
    return fault === undefined
      ? []
      : [at(service, 'command', ['error', `${word} ${fault}`, `chmod +x ${word}, or correct the path`])];
  }
  if (service.env['PATH'] !== undefined || service.envFile !== undefined) return [];
  const folders = (environment['PATH'] ?? '').split(delimiter);
  if (folders.some((folder) => executable(join(isAbsolute(folder) ? folder : service.cwd, word)) === undefined))
    return [];
  return [
    at(service, 'command', [
      'warning',
      `there is no program '${word}' on the PATH`,
      `install ${word}, or give its path`,
    ]),
  ];
}

type Reference = Exclude<EnvValue, { kind: 'text' }>;

function checkReferences(
  service: ServiceSpec,
  environment: Readonly<Record<string, string | undefined>>,
  sealed: ReadonlySet<string>,
): readonly Problem[] {
  return Object.entries(service.env).flatMap(([name, value]) => {
    if (value.kind === 'text' || isSet(value, environment, sealed)) return [];
    const message = `${value.name} is not set here, so ${service.name} cannot start`;
    return [at(service, `env.${name}`, ['warning', message, hintToSet(value)])];
  });
}

function checkAddresses(
  { resources }: SystemSpec,
  environment: Readonly<Record<string, string | undefined>>,
  sealed: ReadonlySet<string>,
): readonly Problem[] {
  return Object.values(resources).flatMap(({ name, url }) => {
    if (url === undefined || isSet(url, environment, sealed)) return [];
    const message = `${url.name} is not set here, so nobody can reach ${name}`;
    return [{ severity: 'warning', path: `resources.${name}.url`, message, hint: hintToSet(url) }];
  });
}

function isSet(
  value: Reference,
  environment: Readonly<Record<string, string | undefined>>,
  sealed: ReadonlySet<string>,
): boolean {
  if (environment[value.name] !== undefined) return true;
  return value.kind === 'env' ? value.fallback !== undefined : sealed.has(value.name);
}

function hintToSet({ kind, name }: Reference): string {
  return `export ${name}=...${kind === 'secret' ? ', or write it in .hale/secrets.env (mode 600)' : ''}`;
}

/** Names, never values, of the secrets kept beside the system. */
function sealedNames(root: string): ReadonlySet<string> {
  try {
    const text = readFileSync(join(root, '.hale', 'secrets.env'), 'utf8');
    return new Set([...text.matchAll(/^\s*(?:export\s+)?([A-Za-z_]\w*)\s*=/gm)].map((match) => match[1] ?? ''));
  } catch {
    return new Set();
  }
}

function unreadable(path: string): string | undefined {
  const stat = statSync(path, { throwIfNoEntry: false });
  if (stat === undefined) return 'missing';
  if (stat.isDirectory()) return 'is a folder';
  try {
    accessSync(path, constants.R_OK);
    return undefined;
  } catch {
    return 'cannot be read';
  }
}

function executable(path: string): string | undefined {
  const stat = statSync(path, { throwIfNoEntry: false });
  if (stat === undefined) return 'does not exist';
  if (stat.isDirectory()) return 'is a folder';
  try {
    accessSync(path, constants.X_OK);
    return undefined;
  } catch {
    return 'may not be executed';
  }
}

/** A file beside the missing one with the same name and another ending, or differing only in capitals. */
function neighbour(missing: string, root: string): string | undefined {
  const stem = (name: string) => name.toLowerCase().replace(/\.[cm]?[jt]sx?$/, '');
  let names: readonly string[];
  try {
    names = readdirSync(dirname(missing));
  } catch {
    return undefined;
  }
  const found = names.find((name) => stem(name) === stem(basename(missing)));
  return found === undefined ? undefined : `did you mean '${relative(root, join(dirname(missing), found))}'?`;
}
