// Notes on the door of a shop that closes for good. A pilot that is only replaced leaves its program running (INV-08); one that is asked to end
// while such a note lies there takes the program with it, so that guests are shown out instead of being cut off. One note is about the whole
// system: who takes it down writes it. The other is about one program, when the gateway becomes another: its pilot keeps it until the other serves.
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

/** Another gateway is declared now: the pilot of this program's folder is its last one. */
export function dismiss(programFolder: string): void {
  writeFileSync(join(programFolder, 'dismissed'), '', { mode: 0o600 });
}

export function isDismissed(programFolder: string): boolean {
  return existsSync(join(programFolder, 'dismissed'));
}

export function recall(programFolder: string): void {
  rmSync(join(programFolder, 'dismissed'), { force: true });
}
