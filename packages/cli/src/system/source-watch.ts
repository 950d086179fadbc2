// Keeps an eye on source folders and says which services a saved file concerns. Several saves within a moment are one.
// A file that is another service's own program concerns only that one; what is generated or installed concerns nobody.
import { existsSync, watch } from 'node:fs';
import { dirname, join, relative, sep } from 'node:path';
import type { Clock } from '@hale/base';
import type { ServiceSpec, UnitName } from '@hale/model';

const quietMs = 150;
const ignored = new Set(['node_modules', '.git', '.hale', 'dist', 'coverage']);
/** What programs are made of. What they write (logs, databases, uploads) must not restart them, or it would never end. */
const source =
  /\.(?:[cm]?[jt]sx?|jsonc?|py|rb|php|pl|go|rs|java|kt|exs?|lua|sh|ya?ml|toml|html?|css|graphql|proto|sql|hbs|ejs)$|(?:^|[/\\])\.env[^/\\]*$/;

/** The folder whose files make up the program. */
export function sourceFolderOf(service: ServiceSpec): string {
  return service.program.kind === 'module' ? dirname(service.program.file) : service.cwd;
}

/** Services that a change of `file` (absolute) concerns. */
export function concernedBy(file: string, services: readonly ServiceSpec[]): UnitName[] {
  if (services.some((service) => service.envFile === file)) {
    return services.filter((service) => service.envFile === file).map((service) => service.name);
  }
  if (!source.test(file)) return [];
  const owners = services.filter((service) => mainFileOf(service) === file);
  const concerned = owners.length > 0 ? owners : services.filter((service) => isWithin(file, sourceFolderOf(service)));
  return concerned.map((service) => service.name);
}

function mainFileOf(service: ServiceSpec): string | undefined {
  if (service.program.kind === 'module') return service.program.file;
  const script = service.program.argv.slice(1).find((word) => /\.[cm]?[jt]sx?$|\.py$/.test(word));
  return script === undefined ? undefined : join(service.cwd, script);
}

function isWithin(file: string, folder: string): boolean {
  const path = relative(folder, file);
  if (path === '' || path.startsWith('..')) return false;
  return !path.split(sep).some((part) => ignored.has(part) || part.endsWith('~') || part.endsWith('.swp'));
}

/** Calls `onChange` with the services that were touched, until the answer is called. */
export function watchSources(
  services: readonly ServiceSpec[],
  clock: Clock,
  onChange: (units: readonly UnitName[]) => void,
): () => void {
  const touched = new Set<UnitName>();
  let timer: { cancel(): void } | undefined;
  const flush = () => {
    timer = undefined;
    onChange([...touched]);
    touched.clear();
  };
  const note = (file: string) => {
    const concerned = concernedBy(file, services);
    if (concerned.length === 0) return;
    for (const unit of concerned) touched.add(unit);
    timer?.cancel();
    timer = clock.after(quietMs, flush);
  };
  const folders = [...new Set(services.map(sourceFolderOf))].filter((folder) => existsSync(folder));
  const outermost = folders.filter(
    (folder) => !folders.some((other) => other !== folder && isWithinFolder(folder, other)),
  );
  const watchers = outermost.map((folder) =>
    watch(folder, { recursive: true }, (_kind, name) => {
      if (name !== null) note(join(folder, name));
    }),
  );
  return () => {
    timer?.cancel();
    for (const watcher of watchers) watcher.close();
  };
}

const isWithinFolder = (folder: string, other: string) => !relative(other, folder).startsWith('..');
