// Control's own diary: JSON lines on stdout (the keeper lays them into .hale/logs/control.log), errors with their codes and
// hints, secrets blacked out. It is for people who look after Hale; the story of the system is the feed.
import { writeSync } from 'node:fs';
import { isHaleError } from '@hale/base';
import pino from 'pino';
import type { SecretMask } from './secret-mask.ts';

export interface Log {
  info(message: string, facts?: Readonly<Record<string, unknown>>): void;
  warn(message: string, facts?: Readonly<Record<string, unknown>>): void;
  error(message: string, error: unknown): void;
}

/** Writes lines by `write` (default: stdout, at once, so that the last words before a crash are there). */
export function createLog(mask: SecretMask, write: (line: string) => void = writeStdout): Log {
  const logger = pino(
    { base: { pid: process.pid }, timestamp: pino.stdTimeFunctions.isoTime },
    {
      write: (line: string) => write(mask.text(line)),
    },
  );
  return {
    info: (message, facts = {}) => logger.info(facts, message),
    warn: (message, facts = {}) => logger.warn(facts, message),
    error: (message, error) => logger.error(describe(error), message),
  };
}

/** A diary that cannot be written, because the disk is full, must not end the one who writes it. */
function writeStdout(line: string): void {
  try {
    writeSync(1, line);
  } catch {
    // what is wrong is shown in the view as well
  }
}

function describe(error: unknown): Record<string, unknown> {
  if (isHaleError(error)) {
    const { code, hint, message, details } = error;
    const cause = error.cause instanceof Error ? error.cause.message : undefined;
    return { code, error: message, hint, cause, ...(Object.keys(details).length === 0 ? {} : { details }) };
  }
  return error instanceof Error ? { error: error.message, stack: error.stack } : { error: String(error) };
}
