// What went wrong in the sealed room, in words a person can act on: where in the file, what, and what to write instead.
import { basename } from 'node:path';
import type { Problem } from '@hale/base';
import type { Evaluation, OddValue, SyntaxFault } from './evaluation.ts';

type Fault = Exclude<Evaluation, { kind: 'declared' }>;

const known = 'defineSystem, service, postgres, objectStore, env, secret';

/** The one problem that a failed evaluation of `file` amounts to. */
export function problemOfFault(fault: Fault, file: string): Problem {
  switch (fault.kind) {
    case 'no-default':
      return problem(
        'it has no default export',
        fault.names.length > 0
          ? `write export default ${fault.names[0]}`
          : "write export default defineSystem({ name: 'shop', services: { ... } })",
      );
    case 'timeout':
      return problem(
        'evaluating it took longer than 10 s, so it was stopped',
        'a declaration only describes: remove loops, servers and waiting from it',
      );
    case 'ended': {
      const how = fault.signal === undefined ? `code ${fault.code ?? '?'}` : fault.signal;
      const last = fault.words.trim().split('\n').at(-1)?.slice(0, 200) ?? '';
      return problem(
        `its process ended (${how}) before it had declared anything${last === '' ? '' : `: ${last}`}`,
        'a declaration only describes: remove process.exit() and the like from it',
      );
    }
    case 'threw':
      return thrown(fault, file);
  }
}

function thrown(fault: Extract<Fault, { kind: 'threw' }>, file: string): Problem {
  const { message } = fault;
  const line = lineIn(fault.stack, file);
  const missingExport = /does not provide an export named '(\w+)'/.exec(message);
  // (no quotes around the package's name: the release rewrites quoted names)
  if (missingExport !== null && /module .hale. does/.test(message)) {
    return problem(`this version of Hale has no ${missingExport[1]}()`, `it has ${known}`, line);
  }
  if (fault.code === 'ERR_UNSUPPORTED_TYPESCRIPT_SYNTAX') {
    const hint =
      'Node only removes types: write a plain object or a union of texts instead (no enum, namespace, decorator)';
    return problem(message, hint, line);
  }
  if (message.includes('import statement outside a module')) {
    const hint = `package.json says "type": "commonjs": rename it: mv ${basename(file)} hale.config.mts`;
    return problem('it imports, and this package is CommonJS', hint, line);
  }
  if (fault.name === 'SyntaxError') return problem(`it is not valid: ${message}`, 'correct that line', line);
  if (fault.code === 'ERR_MODULE_NOT_FOUND') {
    const name = /package '([^']+)'/.exec(message)?.[1];
    const hint =
      name === undefined ? 'check the path; a relative import needs its ending (./x.ts)' : `npm install ${name}`;
    return problem(message.split('\n')[0] ?? message, hint, line);
  }
  return problem(`it threw ${fault.name}: ${message}`, 'correct it so that it can be evaluated anywhere', line);
}

/** The first line of `file` that a stack names. */
function lineIn(stack: string, file: string): number | undefined {
  for (const name of [file, encodeURI(file)]) {
    for (let at = stack.indexOf(name); at >= 0; at = stack.indexOf(name, at + 1)) {
      const line = /^:(\d+)/.exec(stack.slice(at + name.length))?.[1];
      if (line !== undefined) return Number(line);
    }
  }
  return undefined;
}

function problem(message: string, hint: string, line?: number): Problem {
  return { severity: 'error', path: '', message, hint, ...(line === undefined ? {} : { line }) };
}

export function problemOfOddValue({ path, what }: OddValue): Problem {
  return {
    severity: 'error',
    path,
    message: `a ${what} cannot stand in a declaration`,
    hint: 'a declaration is plain data: texts, numbers, lists and objects',
  };
}

export function problemOfSyntax({ service, run, message, line }: SyntaxFault): Problem {
  const where = line === undefined ? run : `${run}:${line}`;
  return {
    severity: 'error',
    path: `services.${service}.run`,
    message: `Node cannot run ${where}: ${message}`,
    hint: `write command: ['npx', 'tsx', '${run}'] instead of run`,
  };
}
