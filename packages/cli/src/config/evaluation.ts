// Asks the sealed room (evaluator.ts) what a file declares, and waits a bounded time for the answer (INV-09). What comes
// back is data and complaints; the config's own code never runs in this process.
import { fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';

/** A value that cannot stand in a declaration. */
export interface OddValue {
  readonly path: string;
  readonly what: string;
}

/** A program of a service that Node could not load. */
export interface SyntaxFault {
  readonly service: string;
  readonly run: string;
  readonly message: string;
  readonly line: number | undefined;
}

export type EvaluationReport =
  | {
      readonly kind: 'declared';
      readonly declaration: unknown;
      readonly odd: readonly OddValue[];
      readonly faults: readonly SyntaxFault[];
    }
  | { readonly kind: 'no-default'; readonly names: readonly string[] }
  | {
      readonly kind: 'threw';
      readonly name: string;
      readonly code: string | undefined;
      readonly message: string;
      readonly stack: string;
    };

export type Evaluation =
  | EvaluationReport
  | { readonly kind: 'timeout' }
  /** It ended without a word: process.exit(), or a crash. */
  | {
      readonly kind: 'ended';
      readonly code: number | undefined;
      readonly signal: string | undefined;
      readonly words: string;
    };

const wordsLengthMax = 4000;

/** Evaluates `file` in a process of its own. Never rejects for anything that the file does. */
export function evaluateConfig(file: string, withinMs: number): Promise<Evaluation> {
  const { NODE_TEST_CONTEXT: _context, NODE_OPTIONS: options = '', ...rest } = process.env;
  const child = fork(fileURLToPath(new URL('./evaluator.ts', import.meta.url)), [file], {
    env: { ...rest, NODE_OPTIONS: options.replace(/--inspect\S*/g, '') },
    execArgv: ['--experimental-vm-modules', '--no-warnings'],
    serialization: 'advanced',
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
  });
  let words = '';
  const listen = (chunk: Buffer) => {
    words = (words + chunk.toString()).slice(-wordsLengthMax);
  };
  child.stdout?.on('data', listen);
  child.stderr?.on('data', listen);
  return new Promise((resolve) => {
    let outcome: Evaluation | undefined;
    const timer = setTimeout(() => finish({ kind: 'timeout' }), withinMs);
    const finish = (result: Evaluation) => {
      clearTimeout(timer);
      outcome ??= result;
      child.kill('SIGKILL');
    };
    child.once('message', (report) => finish(report as EvaluationReport));
    child.once('error', (error) => {
      finish({ kind: 'ended', code: undefined, signal: undefined, words: error.message });
      if (child.pid === undefined && outcome !== undefined) resolve(outcome);
    });
    child.once('close', (code, signal) => {
      clearTimeout(timer);
      resolve(outcome ?? { kind: 'ended', code: code ?? undefined, signal: signal ?? undefined, words });
    });
  });
}
