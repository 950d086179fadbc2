// The counter of an API, for any framework: a request goes in as plain data, an answer comes out as plain data. It checks what comes in
// (400 names every fault), asks the implementation, and checks what goes out, so that a field nobody promised never leaves the house.
import { isHaleError } from '@hale/base';
import type { Api, Operations } from './definition.ts';
import { type ApiErrorCode, ApiRefusal, apiErrors } from './errors.ts';
import { createRoutes, gatherInput, type RouteMatch } from './input.ts';
import { check, type InputOf, type OutputOf, type SchemaProblem } from './standard-schema.ts';

export interface ApiCall {
  readonly operation: string;
  /** Lower-case names. */
  readonly headers: Readonly<Record<string, string | readonly string[] | undefined>>;
  readonly idempotencyKey: string | undefined;
}

/** One function an operation. What it throws: ApiRefusal is an answer, anything else a 500 and a line in the log. */
export type Implementation<Ops extends Operations> = {
  readonly [Name in keyof Ops]: (
    input: OutputOf<Ops[Name]['in']>,
    call: ApiCall,
  ) => Answer<InputOf<Ops[Name]['out']>> | Promise<Answer<InputOf<Ops[Name]['out']>>>;
};
type Answer<T> = undefined extends T ? T | void : T;

export interface PlainRequest {
  readonly method: string;
  /** Path and query. */
  readonly url: string;
  readonly headers: ApiCall['headers'];
  /** Reads and parses the JSON body; only called where one is expected. */
  readonly readBody: () => Promise<BodyReading>;
}

export type BodyReading =
  | { readonly kind: 'json'; readonly value: unknown }
  | { readonly kind: 'empty' }
  | { readonly kind: 'not-json'; readonly why: string }
  | { readonly kind: 'too-large'; readonly bytesMax: number };

export interface PlainAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

export interface AnsweringOptions {
  /** Where the description is served; false for nowhere. Default '/openapi.json'. */
  readonly describeAt?: string | false;
  /** Told of everything that became a 500. Default: a line on stderr. */
  readonly onFault?: (operation: string, error: unknown) => void;
}

export type Answering = (request: PlainRequest) => Promise<PlainAnswer>;

/** `isKnown` of a path: whether this API has an operation (of any method) or its description there. */
export interface ApiCounter {
  readonly answer: Answering;
  readonly isKnown: (url: string) => boolean;
}

export function createCounter<Ops extends Operations>(
  api: Api<Ops>,
  implementation: Implementation<Ops>,
  options: AnsweringOptions = {},
): ApiCounter {
  const routes = createRoutes(api.routes);
  const describeAt = options.describeAt ?? '/openapi.json';
  const onFault = options.onFault ?? sayFault;
  return {
    isKnown(url) {
      const { path } = split(url);
      if (path === describeAt) return true;
      const found = routes.find('GET', path);
      return 'route' in found || found.allowed.length > 0;
    },
    async answer(request) {
      const { path, query } = split(request.url);
      if (path === describeAt && request.method === 'GET') return json(200, api.document);
      const found = routes.find(request.method, path);
      if ('allowed' in found) {
        if (found.allowed.length === 0) return complain('HALE_SDK_API_NO_OPERATION', `there is no ${path} here`);
        const answer = complain('HALE_SDK_API_METHOD', `${path} does not take ${request.method}`);
        return { ...answer, headers: { ...answer.headers, allow: found.allowed.join(', ') } };
      }
      const { name, definition } = found.route;
      const taken = await takeInput(found, query, request);
      if (taken.kind === 'answer') return taken.answer;
      const key = request.headers['idempotency-key'];
      const call: ApiCall = {
        operation: name,
        headers: request.headers,
        idempotencyKey: typeof key === 'string' ? key : undefined,
      };
      try {
        const output = await implementation[name]?.(taken.input as never, call);
        if (definition.out === undefined) return { status: 204, headers: {}, body: '' };
        const checked = await check(definition.out, output);
        if (checked.kind === 'fits') return json(200, checked.value);
        onFault(name, new TypeError(`what ${name} answered does not fit its schema: ${listed(checked.problems)}`));
        return complain('HALE_SDK_API_OUTPUT', `${name} failed`);
      } catch (error) {
        return refusalOf(name, error, onFault);
      }
    },
  };
}

type Taken =
  | { readonly kind: 'input'; readonly input: unknown }
  | { readonly kind: 'answer'; readonly answer: PlainAnswer };

async function takeInput(found: RouteMatch, query: string, request: PlainRequest): Promise<Taken> {
  const refuse = (answer: PlainAnswer): Taken => ({ kind: 'answer', answer });
  const { definition, hasBody, name } = found.route;
  let body: unknown;
  if (definition.requiresKey === true && request.headers['idempotency-key'] === undefined)
    return refuse(complain('HALE_SDK_API_INPUT', `${name} needs the header Idempotency-Key`));
  if (hasBody && definition.in !== undefined) {
    const reading = await request.readBody();
    if (reading.kind === 'not-json') return refuse(complain('HALE_SDK_API_NOT_JSON', reading.why));
    if (reading.kind === 'too-large')
      return refuse(complain('HALE_SDK_API_TOO_LARGE', `the body is over ${reading.bytesMax} bytes`));
    if (reading.kind === 'json') body = reading.value;
  }
  const checked = await check(definition.in, gatherInput(found, query, body));
  if (checked.kind === 'fits') return { kind: 'input', input: checked.value };
  const message = `the input of ${name} does not fit: ${listed(checked.problems)}`;
  return refuse(complain('HALE_SDK_API_INPUT', message, checked.problems));
}

function refusalOf(name: string, error: unknown, onFault: (operation: string, error: unknown) => void): PlainAnswer {
  if (error instanceof ApiRefusal) {
    const { status, code, message, details } = error;
    return json(status, { error: { code, message, ...details } });
  }
  if (isHaleError(error) && error.retriable) {
    const answer = json(503, { error: { code: error.code, message: error.message, hint: error.hint } });
    return { ...answer, headers: { ...answer.headers, 'retry-after': '1' } };
  }
  onFault(name, error);
  return json(500, { error: { code: 'INTERNAL', message: `${name} failed`, hint: 'see the log of the service' } });
}

function complain(code: ApiErrorCode, message: string, problems?: readonly SchemaProblem[]): PlainAnswer {
  const { status, hint } = apiErrors[code];
  return json(status, { error: { code, message, hint, ...(problems === undefined ? {} : { problems }) } });
}

function json(status: number, value: unknown): PlainAnswer {
  return { status, headers: { 'content-type': 'application/json' }, body: JSON.stringify(value ?? null) };
}

function listed(problems: readonly SchemaProblem[]): string {
  const shown = problems.slice(0, 5).map(({ path, message }) => (path === '' ? message : `${path}: ${message}`));
  return problems.length > 5 ? `${shown.join('; ')} and ${problems.length - 5} more` : shown.join('; ');
}

function split(url: string): { readonly path: string; readonly query: string } {
  const mark = url.indexOf('?');
  const path = mark === -1 ? url : url.slice(0, mark);
  const plain = path.length > 1 && path.endsWith('/') ? path.slice(0, -1) : path;
  return { path: plain, query: mark === -1 ? '' : url.slice(mark + 1) };
}

function sayFault(operation: string, error: unknown): void {
  const text = error instanceof Error ? (error.stack ?? error.message) : String(error);
  process.stderr.write(`${operation}: ${text}\n`);
}
