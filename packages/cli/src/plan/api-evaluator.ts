// The sealed room for a module that defines an API: it is imported, the first `api({ ... })` among its exports (the default one first) gives its
// document to the parent by IPC, and the process is killed. Started by api-reader.ts; nothing else imports this.
import { pathToFileURL } from 'node:url';
import type { ApiReport } from './api-reader.ts';

const file = process.argv[2] ?? '';
process.on('disconnect', () => process.exit(1));

async function evaluate(): Promise<ApiReport> {
  try {
    const module = (await import(pathToFileURL(file).href)) as Readonly<Record<string, unknown>>;
    const exported = [module['default'], ...Object.values(module)];
    const found = exported.find((value) => (value as { kind?: unknown } | null | undefined)?.kind === 'api');
    if (found === undefined) return { kind: 'fault', message: 'it exports no api({ ... })' };
    return { kind: 'document', document: (found as { document: unknown }).document };
  } catch (error) {
    return { kind: 'fault', message: error instanceof Error ? error.message : String(error) };
  }
}

process.send?.(await evaluate());
