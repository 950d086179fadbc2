// The bell before closing time. An NGINX that takes over a new configuration closes its idle connections at once, and a request that is just
// arriving on one of them is lost with it. So a file is laid down first, on which every answer says `Connection: close`: within a tenth of a second
// (a quarter, where one request of many looks for it) whoever is busy has come again, on a connection of his own to the new workers. The file's name
// belongs to one configuration; the next looks for another.
import { readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Clock, canonicalJson, hashText } from '@hale/base';
import { gaitOf } from './gait.ts';

/** After an outage many connections are open and few are busy; the pilot's own worker serves meanwhile, so there is time. */
const longBellMs = 2000;
const prefix = 'closing-';

/** The file that ends the connections of the configuration `input`. */
export function closingFile(folder: string, input: object): string {
  return join(folder, `${prefix}${hashText(canonicalJson({ input }))}`);
}

/** The file that a configuration's text looks for. */
export function closingPathIn(text: string): string {
  return /if \(-f "([^"]+)"\)/.exec(text)?.[1] ?? '';
}

/** Rings for the configuration in force; resolves when busy clients have heard it. */
export function sayFarewell(clock: Clock, folder: string, isBack: boolean): Promise<void> {
  const text = readFileSync(join(folder, 'nginx.conf'), 'utf8');
  const current = closingPathIn(text);
  for (const name of readdirSync(folder)) if (name.startsWith(prefix)) rmSync(join(folder, name), { force: true });
  if (current !== '') writeFileSync(current, '', { mode: 0o600 });
  return new Promise((resolve) => void clock.after(isBack ? longBellMs : gaitOf(text).bellMs, resolve));
}

/** Nothing changes after all. */
export function takeBackFarewell(folder: string): void {
  rmSync(closingPathIn(readFileSync(join(folder, 'nginx.conf'), 'utf8')), { force: true });
}
