// Problems as text for a terminal: errors before warnings, each with file:line that an editor can open, what is wrong, and
// what to write. Adds colour only when asked to (the caller knows whether it is a terminal).
import { relative } from 'node:path';
import type { Problem } from '@hale/base';

export interface FormatOptions {
  /** The declaration; its name stands before each line. */
  readonly file: string | undefined;
  readonly colour: boolean;
  /** Paths are shown from here (default: the current folder). */
  readonly from?: string;
}

/** One block a problem, and a count at the end; '' when there is none. No trailing newline. */
export function formatProblems(problems: readonly Problem[], options: FormatOptions): string {
  if (problems.length === 0) return '';
  const sorted = problems.toSorted((a, b) => rank(a) - rank(b) || (a.line ?? 0) - (b.line ?? 0));
  const blocks = sorted.map((problem) => formatProblem(problem, options));
  return [...blocks, countsOf(problems)].join('\n');
}

const rank = (problem: Problem) => (problem.severity === 'error' ? 0 : 1);

function formatProblem(problem: Problem, { file, colour, from = process.cwd() }: FormatOptions): string {
  const paint = (code: number, text: string) => (colour ? `\x1b[${code}m${text}\x1b[0m` : text);
  const name = file === undefined ? '' : shorter(relative(from, file), file);
  const place = problem.line === undefined ? name : `${name}:${problem.line}`;
  const severity = problem.severity === 'error' ? paint(31, 'error') : paint(33, 'warning');
  const path = problem.path === '' ? '' : `${paint(1, problem.path)}: `;
  return `${place === '' ? '' : `${paint(36, place)} `}${severity} ${path}${problem.message}\n    ${paint(2, problem.hint)}`;
}

function shorter(a: string, b: string): string {
  return a.length > 0 && a.length < b.length ? a : b;
}

function countsOf(problems: readonly Problem[]): string {
  const errors = problems.filter((problem) => problem.severity === 'error').length;
  const warnings = problems.length - errors;
  const count = (n: number, word: string) => (n === 0 ? [] : [`${n} ${word}${n === 1 ? '' : 's'}`]);
  return [...count(errors, 'error'), ...count(warnings, 'warning')].join(', ');
}
