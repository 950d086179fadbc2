// What a program said before it fell: the end of its log, only of this life, at most 2 kB. Where the words show a well-known
// misunderstanding with Node's own TypeScript, the line to write instead comes first.
import { closeSync, fstatSync, openSync, readSync, statSync } from 'node:fs';

const wordsBytesMax = 2048;

/** The length of `log` now: where the next life's words begin. */
export function logLength(log: string): number {
  try {
    return statSync(log).size;
  } catch {
    return 0;
  }
}

/** `from`: logLength at the start of this life. A log that was cut back since is read from its end. */
export function readLastWords(log: string, from: number): string | undefined {
  let fd: number;
  try {
    fd = openSync(log, 'r');
  } catch {
    return undefined;
  }
  try {
    const size = fstatSync(fd).size;
    const start = Math.max(size < from ? 0 : from, size - wordsBytesMax);
    const buffer = Buffer.alloc(size - start);
    const words = buffer.toString('utf8', 0, readSync(fd, buffer, 0, buffer.length, start)).trim();
    return words === '' ? undefined : words;
  } finally {
    closeSync(fd);
  }
}

/** The line to write instead, for a `.ts` that Node cannot run as it is; undefined where the words say nothing of the kind. */
export function typescriptAdvice(words: string, file: string): string | undefined {
  const instead = `command: ['npx', 'tsx', '${file}']`;
  if (words.includes('ERR_UNSUPPORTED_TYPESCRIPT_SYNTAX'))
    return `Node cannot run this TypeScript as it is (enums, parameter properties, namespaces): write ${instead}`;
  if (/SyntaxError: Invalid or unexpected token/.test(words) && /^\s*@\w+/m.test(words))
    return `Node cannot run decorators: write ${instead}`;
  const missing = /Cannot find (?:package|module) '([^']+)'/.exec(words);
  if (words.includes('ERR_MODULE_NOT_FOUND') && missing?.[1] !== undefined) {
    if (/^[@~#]\//.test(missing[1]) || missing[1] === '@' || missing[1] === '~')
      return `Node does not follow path aliases of tsconfig.json: write ${instead}`;
    if (/^[./]/.test(missing[1]) && !/\.[cm]?[jt]sx?$/.test(missing[1]))
      return `Node wants the file's ending in an import ('./x.ts'): write it, or ${instead}`;
    if (/\.[cm]?ts$/.test(file))
      return `'${missing[1]}' is not installed: npm install ${missing[1]}. If it is a path alias of tsconfig.json, which Node does not follow, write ${instead}`;
  }
  return undefined;
}
