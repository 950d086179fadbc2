// Two editions of an API side by side: what callers of the old one would trip over. Breaking is what can make a call fail that
// works today; everything else is told too, and harms nobody. The comparing of schemas is schema-fit.ts.
import {
  httpMethods,
  type OpenApiContent,
  type OpenApiDocument,
  type OpenApiOperation,
  type OpenApiParameter,
  type SchemaOrBoolean,
} from './document.ts';
import { misfits } from './schema-fit.ts';

export interface ApiChange {
  /** 'POST /charge'. */
  readonly operation: string;
  readonly breaking: boolean;
  /** A whole sentence for people. */
  readonly message: string;
}

interface Pair {
  readonly name: string;
  readonly before: OpenApiDocument;
  readonly after: OpenApiDocument;
  readonly changes: ApiChange[];
}

/** What changed from `before` to `after`, breaking changes first; empty when callers can see no difference. */
export function diffApis(before: OpenApiDocument, after: OpenApiDocument): readonly ApiChange[] {
  const old = operationsOf(before);
  const fresh = operationsOf(after);
  const changes: ApiChange[] = [];
  for (const [name, operation] of old) {
    const next = fresh.get(name);
    if (next === undefined) changes.push({ operation: name, breaking: true, message: 'is gone' });
    else compareOperation(operation, next, { name, before, after, changes });
  }
  for (const name of fresh.keys())
    if (!old.has(name)) changes.push({ operation: name, breaking: false, message: 'is new' });
  return [...changes.filter((one) => one.breaking), ...changes.filter((one) => !one.breaking)];
}

type Flat = Omit<OpenApiOperation, 'parameters'> & { readonly parameters: readonly OpenApiParameter[] };

/** By method and path; a renamed path parameter is the same path. */
function operationsOf(document: OpenApiDocument): ReadonlyMap<string, Flat> {
  const found = new Map<string, Flat>();
  for (const [path, item] of Object.entries(document.paths)) {
    for (const method of httpMethods) {
      const operation = item[method];
      if (operation === undefined) continue;
      const parameters = [...(item.parameters ?? []), ...(operation.parameters ?? [])].filter(
        (one) => one.in !== 'path',
      );
      found.set(`${method.toUpperCase()} ${path.replaceAll(/\{[^}]*\}/g, '{}')}`, { ...operation, parameters });
    }
  }
  return found;
}

function compareOperation(before: Flat, after: Flat, pair: Pair): void {
  compareParameters(before.parameters, after.parameters, pair);
  compareRequest(before, after, pair);
  compareResponses(before, after, pair);
}

function compareParameters(before: readonly OpenApiParameter[], after: readonly OpenApiParameter[], pair: Pair): void {
  for (const next of after) {
    const old = before.find((one) => one.name === next.name && one.in === next.in);
    const what = `${next.in} parameter ${next.name}`;
    if (next.required === true && old?.required !== true) broken(pair, `${what} is required now`);
    if (old === undefined) continue;
    for (const { path, why } of fit(pair, [old.schema, next.schema], 'request'))
      broken(pair, `${at(what, path)} ${why}`);
  }
}

function compareRequest(before: Flat, after: Flat, pair: Pair): void {
  const schema = jsonOf(after.requestBody?.content);
  if (after.requestBody?.required === true && before.requestBody?.required !== true && schema !== undefined)
    broken(pair, 'a request body is required now');
  if (before.requestBody === undefined) return;
  for (const { path, why } of fit(pair, [jsonOf(before.requestBody.content), schema], 'request'))
    broken(pair, `${at('request body', path)} ${why}`);
}

function compareResponses(before: Flat, after: Flat, pair: Pair): void {
  const next = after.responses ?? {};
  for (const [status, response] of Object.entries(before.responses ?? {})) {
    const fresh = next[status];
    if (fresh === undefined) {
      if (status.startsWith('2')) broken(pair, `answer ${status} is gone`);
      continue;
    }
    const old = jsonOf(response.content);
    const now = jsonOf(fresh.content);
    if (old !== undefined && now === undefined) broken(pair, `answer ${status} has no JSON body any more`);
    else if (old !== undefined)
      for (const { path, why } of fit(pair, [now, old], 'answer'))
        broken(pair, `${at(`answer ${status}`, path)} ${why}`);
  }
  for (const status of Object.keys(next))
    if (before.responses?.[status] === undefined)
      pair.changes.push({ operation: pair.name, breaking: false, message: `answer ${status} is new` });
}

function fit(
  { before, after }: Pair,
  [from, to]: readonly [SchemaOrBoolean | undefined, SchemaOrBoolean | undefined],
  direction: 'request' | 'answer',
) {
  const isRequest = direction === 'request';
  return misfits({
    from: { document: isRequest ? before : after, schema: from },
    to: { document: isRequest ? after : before, schema: to },
    skipsUnknownFields: !isRequest,
  });
}

function broken({ changes, name }: Pair, message: string): void {
  changes.push({ operation: name, breaking: true, message });
}

function at(what: string, path: string): string {
  return path === '' ? what : `${what}: ${path}`;
}

function jsonOf(content: OpenApiContent | undefined): SchemaOrBoolean | undefined {
  if (content === undefined) return undefined;
  const type = Object.keys(content).find((one) => /^application\/(?:.+\+)?json\b/.test(one));
  return type === undefined ? undefined : (content[type]?.schema ?? {});
}
