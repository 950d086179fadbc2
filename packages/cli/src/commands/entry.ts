// The shape of a command: a name, how its options are spelled, and what it does. Every command is one record of this
// kind in a file of its own; program.ts lists them.
import { resolve } from 'node:path';
import type { Command } from 'commander';
import type { Host } from '../host.ts';

export interface CommandEntry {
  /** As commander spells it: 'scale <service> <replicas>'. */
  readonly usage: string;
  readonly summary: string;
  readonly group: 'Every day' | 'Look' | 'Act' | 'Set up';
  /** Adds options and examples; -C and --json are there already. */
  readonly shape?: (command: Command) => void;
  /** Does it and gives the exit code. Throws HaleError. */
  readonly run: (call: Call) => Promise<number>;
}

export interface Call {
  readonly host: Host;
  /** The folder that the command is about: -C, else where it was typed. */
  readonly folder: string;
  readonly args: readonly string[];
  readonly options: Readonly<Record<string, unknown>>;
  readonly json: boolean;
}

export function folderOf(host: Host, option: unknown): string {
  return typeof option === 'string' ? resolve(host.cwd, option) : host.cwd;
}

/** The text of an option; undefined where it was not given. */
export function textOption(call: Call, name: string): string | undefined {
  const value = call.options[name];
  return typeof value === 'string' ? value : undefined;
}
