// The API of a service as its file describes it: an OpenAPI document (JSON or YAML), or a module that exports an `api({ ... })`. A module is
// somebody's code, so it is evaluated in a short-lived process of its own (api-evaluator.ts), like a declaration.
import { fork } from 'node:child_process';
import { readFile, stat } from 'node:fs/promises';
import { extname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { isOpenApiDocument, type OpenApiDocument } from '@hale/model';
import { parse as parseYaml } from 'yaml';
import { cliError } from '../errors.ts';

const fileBytesMax = 10_000_000;
const evaluationMs = 15_000;

/** What the evaluator says. */
export type ApiReport =
  | { readonly kind: 'document'; readonly document: unknown }
  | { readonly kind: 'fault'; readonly message: string };

/** Reads `file`. Throws HALE_CLI_API_UNREADABLE, which says why. */
export async function readApiFile(file: string): Promise<OpenApiDocument> {
  const refuse = (why: string, cause?: unknown) => cliError('HALE_CLI_API_UNREADABLE', `${file}: ${why}`, { cause });
  const size = (await stat(file).catch(() => undefined))?.size;
  if (size === undefined) throw refuse('there is no such file');
  if (size > fileBytesMax) throw refuse(`it is over ${fileBytesMax / 1e6} MB`);
  let document: unknown;
  if (/^\.(json|ya?ml)$/.test(extname(file))) {
    const text = await readFile(file, 'utf8');
    try {
      document = extname(file) === '.json' ? JSON.parse(text) : parseYaml(text, { maxAliasCount: 100 });
    } catch (error) {
      throw refuse(error instanceof Error ? error.message : String(error), error);
    }
  } else {
    const report = await evaluate(file);
    if (report.kind === 'fault') throw refuse(report.message);
    document = report.document;
  }
  if (!isOpenApiDocument(document)) throw refuse('it holds no OpenAPI 3 document, and no api({ ... }) is exported');
  return document;
}

function evaluate(file: string): Promise<ApiReport> {
  const { NODE_TEST_CONTEXT: _context, NODE_OPTIONS: options = '', ...rest } = process.env;
  const child = fork(fileURLToPath(new URL('./api-evaluator.ts', import.meta.url)), [file], {
    env: { ...rest, NODE_OPTIONS: options.replace(/--inspect\S*/g, '') },
    execArgv: ['--no-warnings'],
    stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
  });
  return new Promise((resolve) => {
    const finish = (report: ApiReport) => {
      clearTimeout(timer);
      child.kill('SIGKILL');
      resolve(report);
    };
    const timer = setTimeout(
      () => finish({ kind: 'fault', message: `it was not evaluated within ${evaluationMs / 1000} s` }),
      evaluationMs,
    );
    child.once('message', (report) => finish(report as ApiReport));
    child.once('error', (error) => finish({ kind: 'fault', message: error.message }));
    child.once('close', (code) => finish({ kind: 'fault', message: `it ended by itself with code ${code}` }));
  });
}
