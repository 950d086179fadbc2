// From a folder or file to a SystemSpec, or to every problem at once with its line: finds the declaration, has it evaluated
// in a sealed room, parses it, and looks whether what it points at exists. Starts nothing and writes nothing.
import { readFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { createSystemClock, type Parsed, type Problem } from '@hale/base';
import type { SystemSpec } from '@hale/model';
import { locateProblem, parseSystem } from '@hale/model/parse';
import { checkCertificate } from './certificate-check.ts';
import { evaluateConfig } from './evaluation.ts';
import { problemOfFault, problemOfOddValue, problemOfSyntax } from './evaluation-problems.ts';
import { checkFiles, checkPrograms } from './files-check.ts';
import { findConfig } from './find-config.ts';
import { checkServers } from './server-check.ts';

export interface LoadOptions {
  /** The system's UUID; a function of the declaration's folder where it lives there (`.hale/system.json`). */
  readonly id: string | ((root: string) => string);
  /** How long evaluating may take (default 10 s). */
  readonly withinMs?: number;
  /** What processes would inherit, to warn of variables that are not set (default: this process's). */
  readonly environment?: Readonly<Record<string, string | undefined>>;
}

export interface LoadedConfig extends Parsed<SystemSpec> {
  /** Absolute; undefined when there was none to be found. */
  readonly file: string | undefined;
  /** The folder that paths are seen from. */
  readonly root: string | undefined;
}

const evaluationMs = 10_000;

/**
 * Loads the declaration at `place` (a folder or the file). Each call evaluates it anew. Never throws for anything wrong with
 * the declaration: `value` is undefined exactly when a problem is an error.
 */
export async function loadConfig(place: string, options: LoadOptions): Promise<LoadedConfig> {
  const found = findConfig(place);
  if ('problem' in found) return { file: undefined, root: undefined, value: undefined, problems: [found.problem] };
  const { file } = found;
  const root = dirname(file);
  const source = readSource(file);
  if ('problem' in source) return { file, root, value: undefined, problems: [source.problem] };
  const evaluation = await evaluateConfig(file, options.withinMs ?? evaluationMs);
  if (evaluation.kind !== 'declared') {
    return { file, root, value: undefined, problems: [problemOfFault(evaluation, file)] };
  }
  const id = typeof options.id === 'string' ? options.id : options.id(root);
  const parsed = parseSystem(evaluation.declaration, { root, id });
  const problems: Problem[] = [...evaluation.odd.map(problemOfOddValue), ...parsed.problems];
  problems.push(...evaluation.faults.map(problemOfSyntax));
  problems.push(
    ...(parsed.value === undefined
      ? checkPrograms(evaluation.declaration, root)
      : [
          ...checkFiles(parsed.value, options.environment ?? process.env),
          ...checkCertificate(parsed.value, createSystemClock().wall()),
          ...(await checkServers(parsed.value)),
        ]),
  );
  const located = problems.map((problem) => withLine(problem, source.text));
  const broken = located.some((problem) => problem.severity === 'error');
  return { file, root, value: broken ? undefined : parsed.value, problems: located };
}

function withLine(problem: Problem, source: string): Problem {
  const line = problem.line ?? locateProblem(source, problem.path);
  return line === undefined ? problem : { ...problem, line };
}

function readSource(file: string): { readonly text: string } | { readonly problem: Problem } {
  try {
    return { text: readFileSync(file, 'utf8') };
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    const message = `it cannot be read (${code})`;
    return { problem: { severity: 'error', path: '', message, hint: `check its rights: ls -l ${file}` } };
  }
}
