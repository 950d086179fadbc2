// The note on the door of a shop that closes for good. A pilot that is only replaced leaves its program running (INV-08); one that is asked to
// end while this note lies in the runtime folder takes the program with it, so that guests are shown out instead of being cut off. Who takes
// the system down writes it; it goes with the folder, or when a gateway is started again.
import { existsSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const note = (runtimeDir: string) => join(runtimeDir, 'going-down');

/** Before a system's units are asked to stop. Where the folder is not there any more, there is nobody to tell. */
export function announceDown(runtimeDir: string): void {
  if (existsSync(runtimeDir)) writeFileSync(note(runtimeDir), '', { mode: 0o600 });
}

export function isGoingDown(runtimeDir: string): boolean {
  return existsSync(note(runtimeDir));
}

/** A gateway is wanted (again): a note of an end that did not come about is stale. */
export function withdrawDown(runtimeDir: string): void {
  rmSync(note(runtimeDir), { force: true });
}
