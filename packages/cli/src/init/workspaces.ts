// npm and pnpm workspaces (or a single package): each package with a start or dev script becomes a service; libraries are
// passed over, because they are parts and not programs.
import { globSync, readFileSync } from 'node:fs';
import { dirname, join, posix } from 'node:path';
import { parse } from 'yaml';
import { draftName, emptyHarvest, type Harvest, isRecord, type ServiceDraft, sortEnv, type Unmapped } from './draft.ts';
import { listeningOf } from './listening.ts';
import { packageProgram, readPackage } from './package-scripts.ts';

const packagesMax = 500;

export function harvestWorkspaces(root: string): Harvest {
  const json = readPackage(root);
  const unmapped: Unmapped[] = [];
  const patterns = [...(json?.workspaces ?? []), ...pnpmPatterns(root, unmapped)];
  const folders = patterns.length > 0 ? foldersOf(root, patterns) : json === undefined ? [] : [''];
  if (folders.length > packagesMax) {
    unmapped.push({
      what: `${folders.length - packagesMax} packages`,
      from: 'workspaces',
      why: `only the first ${packagesMax} are read`,
    });
  }
  const services: ServiceDraft[] = [];
  const secrets: Record<string, string> = {};
  for (const folder of folders.slice(0, packagesMax)) {
    const draft = draftOf(root, folder);
    if (draft === undefined) continue;
    services.push(draft.service);
    Object.assign(secrets, draft.secrets);
    unmapped.push(...draft.unmapped);
  }
  return { ...emptyHarvest, services, unmapped, secrets };
}

function draftOf(
  root: string,
  folder: string,
):
  | { readonly service: ServiceDraft; readonly secrets: Harvest['secrets']; readonly unmapped: readonly Unmapped[] }
  | undefined {
  const json = readPackage(join(root, folder));
  const found = json === undefined ? undefined : packageProgram(root, folder, json);
  if (json === undefined || found === undefined) return undefined;
  const { env, secrets, port } = sortEnv(found.env);
  const from = posix.join(folder, 'package.json');
  const name = draftName(json.name ?? (folder === '' ? 'app' : posix.basename(folder)));
  const { program } = found;
  const listening = listeningOf({ root, folder, program, port, fromEnv: port !== undefined });
  const unmapped =
    'command' in program && program.command[0] === 'npm'
      ? [
          {
            what: `script '${found.script}'`,
            from,
            why: 'it needs a shell, so npm runs it: a hang of the program behind npm is seen by its port only',
          },
        ]
      : [];
  return { service: { name, from, folder, program, env, replicas: 1, uses: [], listening }, secrets, unmapped };
}

function pnpmPatterns(root: string, unmapped: Unmapped[]): readonly string[] {
  let text: string;
  try {
    text = readFileSync(join(root, 'pnpm-workspace.yaml'), 'utf8');
  } catch {
    return [];
  }
  try {
    const value: unknown = parse(text);
    const packages = isRecord(value) ? value['packages'] : undefined;
    return Array.isArray(packages) ? packages.filter((pattern) => typeof pattern === 'string') : [];
  } catch (error) {
    unmapped.push({ what: 'packages', from: 'pnpm-workspace.yaml', why: `it is not YAML: ${firstLine(error)}` });
    return [];
  }
}

export function firstLine(error: unknown): string {
  return (error instanceof Error ? error.message : String(error)).split('\n')[0] ?? '';
}

function foldersOf(root: string, patterns: readonly string[]): readonly string[] {
  const find = (pattern: string) =>
    globSync(posix.join(pattern, 'package.json'), { cwd: root, exclude: (name) => name === 'node_modules' })
      .map((file) => dirname(file).replaceAll('\\', '/'))
      .filter((folder) => !folder.startsWith('..') && !folder.split('/').includes('node_modules'));
  const left = new Set(
    patterns.filter((pattern) => pattern.startsWith('!')).flatMap((pattern) => find(pattern.slice(1))),
  );
  const wanted = patterns.filter((pattern) => !pattern.startsWith('!')).flatMap(find);
  return [...new Set(wanted)].filter((folder) => !left.has(folder)).sort();
}
