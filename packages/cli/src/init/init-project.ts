// `hale init`: looks for what the folder already says about its programs (PM2, Compose, workspaces), writes a declaration
// that parses, and lists what it could not map, each with why. An empty folder gets a small system that runs. It overwrites
// no declaration unless forced, and starts nothing.
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { basename, dirname, join, relative, resolve } from 'node:path';
import type { Problem } from '@hale/base';
import { plainName } from '@hale/model/parse';
import { findConfig } from '../config/find-config.ts';
import { loadConfig } from '../config/load-config.ts';
import { cliError } from '../errors.ts';
import { harvestCompose } from './compose.ts';
import { configText, packageName } from './config-text.ts';
import { type Harvest, mergeHarvests, type ServiceDraft, type Unmapped } from './draft.ts';
import { freshFiles, freshPackage } from './fresh.ts';
import { ownVersion } from './own-package.ts';
import { readPackage } from './package-scripts.ts';
import { planSystem, type SystemPlan } from './plan.ts';
import { harvestPm2 } from './pm2.ts';
import { entryOf } from './program.ts';
import { ignoreState, keepSecrets } from './surroundings.ts';
import { harvestWorkspaces } from './workspaces.ts';

export interface InitOptions {
  /** Writes over an existing hale.config.ts. */
  readonly force?: boolean;
}

export interface InitResult {
  /** 'fresh': an example was written; 'mapped': what was found was written down. */
  readonly kind: 'fresh' | 'mapped';
  readonly name: string;
  readonly root: string;
  readonly configFile: string;
  /** Files that were written or added to, relative to the root. */
  readonly written: readonly string[];
  readonly mapped: readonly { readonly name: string; readonly from: string }[];
  readonly unmapped: readonly Unmapped[];
  /** Warnings of the written declaration (a variable that is not set here, ...). */
  readonly warnings: readonly Problem[];
  /** Commands to type next. */
  readonly next: readonly string[];
}

/** Throws HALE_CLI_USAGE when there is a declaration (or, for an example, a file of its name) already. */
export async function initProject(folder: string, options: InitOptions = {}): Promise<InitResult> {
  const root = resolve(folder);
  const existing = findConfig(root);
  if ('file' in existing && options.force !== true) {
    const hint = 'run `hale up`; or `hale init --force` to write it anew';
    throw cliError('HALE_CLI_USAGE', `${relative(root, existing.file)} is already there`, { hint });
  }
  mkdirSync(root, { recursive: true });
  const name = plainName(readPackage(root)?.name?.replace(/^@[^/]+\//, '') ?? basename(root));
  const harvest = mergeHarvests([await harvestPm2(root), harvestCompose(root), harvestWorkspaces(root)]);
  return harvest.services.length === 0 ? writeFresh(root, name, harvest) : writeMapped(root, name, harvest);
}

function writeFresh(root: string, name: string, harvest: Harvest): InitResult {
  const config = configName(root);
  const files = freshFiles({ name, config, ending: config.endsWith('.mts') ? 'mts' : 'ts' });
  const clash = Object.keys(files).find((file) => file !== config && existsSync(join(root, file)));
  if (clash !== undefined) {
    const hint = 'write hale.config.ts by hand, or give package.json a "start" script and run it again';
    throw cliError('HALE_CLI_USAGE', `nothing here says how to start it, and an example would write over ${clash}`, {
      hint,
    });
  }
  const hasPackage = existsSync(join(root, 'package.json'));
  const all = hasPackage ? files : { ...files, 'package.json': freshPackage(name, ownVersion()) };
  for (const [file, text] of Object.entries(all)) write(join(root, file), text);
  return {
    kind: 'fresh',
    name,
    root,
    configFile: join(root, config),
    written: [...Object.keys(all), ...ignoreState(root)],
    mapped: [],
    unmapped: harvest.unmapped,
    warnings: [],
    next: nextSteps(root),
  };
}

async function writeMapped(root: string, name: string, harvest: Harvest): Promise<InitResult> {
  const configFile = join(root, configName(root));
  const secretsWritten = keepSecrets(root, harvest.secrets);
  const settled = await settle(configFile, name, harvest);
  const { plan } = settled;
  return {
    kind: 'mapped',
    name,
    root,
    configFile,
    written: [configName(root), ...secretsWritten, ...ignoreState(root)],
    mapped: [
      ...plan.services.map(({ draft }) => ({ name: draft.name, from: draft.from })),
      ...plan.resources.map((resource) => ({ name: resource.name, from: resource.from })),
    ],
    unmapped: [...plan.unmapped, ...notBuilt(root, plan)],
    warnings: settled.warnings,
    next: nextSteps(root),
  };
}

/** Writes, reads it back as `hale up` would, and takes out what does not stand, until it does. Each round takes something out. */
async function settle(
  configFile: string,
  name: string,
  found: Harvest,
): Promise<{ readonly plan: SystemPlan; readonly warnings: readonly Problem[] }> {
  let harvest = found;
  for (let round = 0; round <= found.services.length * 2; round++) {
    const plan = planSystem(name, harvest);
    write(configFile, configText(plan));
    const { value, problems } = await loadConfig(configFile, { id: 'init' });
    if (value !== undefined) return { plan, warnings: problems };
    const errors = problems.filter((problem) => problem.severity === 'error');
    const better = amend(harvest, errors);
    if (better === undefined) {
      const text = errors.map(({ path, message }) => `${path}: ${message}`).join('; ');
      throw cliError('HALE_CLI_INTERNAL', `the declaration that was written cannot be read: ${text}`);
    }
    harvest = better;
  }
  throw cliError('HALE_CLI_INTERNAL', 'no declaration could be made of what is here');
}

/** The harvest without what the problems are about; undefined where they are about no service. */
function amend(harvest: Harvest, errors: readonly Problem[]): Harvest | undefined {
  const unmapped: Unmapped[] = [...harvest.unmapped];
  let changed = false;
  const services = harvest.services.flatMap((draft): ServiceDraft[] => {
    const own = errors.find(
      ({ path }) => path.startsWith(`services.${draft.name}.`) || path === `services.${draft.name}`,
    );
    if (own === undefined) return [draft];
    changed = true;
    const field = own.path.slice(`services.${draft.name}.`.length);
    const miss = (what: string) => unmapped.push({ what, from: draft.from, why: `${own.message}: ${own.hint}` });
    if (field === 'envFile') {
      miss(`${draft.name}: env file`);
      return [withoutEnvFile(draft)];
    }
    if (field === 'run' && 'run' in draft.program && /\.[mc]?ts$/.test(draft.program.run)) {
      miss(`${draft.name}: run`);
      const file = draft.folder === '' ? draft.program.run : relative(draft.folder, draft.program.run);
      return [{ ...draft, program: { command: ['npx', 'tsx', file] } }];
    }
    if (field.startsWith('uses')) {
      miss(`${draft.name}: uses`);
      return [{ ...draft, uses: [] }];
    }
    miss(draft.name);
    return [];
  });
  return changed && services.length > 0 ? { ...harvest, services, unmapped } : undefined;
}

/** Files that a command names and that are not there yet: most often, a build is missing. */
function notBuilt(root: string, plan: SystemPlan): readonly Unmapped[] {
  return plan.services.flatMap(({ draft }) => {
    const file =
      'command' in draft.program && draft.program.command[0] === 'node'
        ? entryOf(draft.program, draft.folder)
        : undefined;
    if (file === undefined || existsSync(join(root, file))) return [];
    return [
      { what: `${draft.name}: ${file}`, from: draft.from, why: 'it is not there yet: build it before `hale up`' },
    ];
  });
}

function withoutEnvFile(draft: ServiceDraft): ServiceDraft {
  const { envFile: _envFile, ...rest } = draft;
  return rest;
}

/** The one that is there (forced); else one that may `import`, which in a package that says it is CommonJS only .mts may. */
function configName(root: string): string {
  const existing = findConfig(root);
  if ('file' in existing) return basename(existing.file);
  return readPackage(root)?.isCommonJs === true ? 'hale.config.mts' : 'hale.config.ts';
}

function nextSteps(root: string): readonly string[] {
  if (existsSync(join(root, 'node_modules', packageName))) return ['npx hale up'];
  const asked = readPackage(root)?.dependencies.includes(packageName) === true;
  return [asked ? 'npm install' : `npm install --save-dev ${packageName}`, 'npx hale up'];
}

function write(file: string, text: string): void {
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, text);
}
