// The same contract from the caller's side: a function an operation, typed, over any client that fetches. It checks what comes back, so
// that a service of another edition is an error with a name and not an `undefined` three functions later.
import type { Api, ApiRoute, Operations } from './definition.ts';
import { apiError } from './errors.ts';
import { check, type InputOf, type OutputOf } from './standard-schema.ts';

/** What is needed of a client: `service.client('payments')` is one. */
export interface ApiCarrier<Options extends CarrierOptions = CarrierOptions> {
  readonly service: string;
  fetch(path: string, options?: Options): Promise<CarrierReply>;
}

export interface CarrierOptions {
  readonly method?: string;
  readonly json?: unknown;
  readonly idempotencyKey?: string;
}

export interface CarrierReply {
  readonly status: number;
  readonly ok: boolean;
  json<T = unknown>(): Promise<T>;
  discard(): Promise<void>;
}

type Given<S> = undefined extends InputOf<S> ? [input?: InputOf<S>] : [input: InputOf<S>];
type Extra<Options> = Omit<Options, 'method' | 'json' | 'body'>;

export type ApiClient<Ops extends Operations, Options extends CarrierOptions> = {
  readonly [Name in keyof Ops]: (
    ...args: [...Given<Ops[Name]['in']>, options?: Extra<Options>]
  ) => Promise<OutputOf<Ops[Name]['out']>>;
};

/**
 * Typed calls of `api` through `carrier`. A call throws HALE_SDK_API_REFUSED (any answer but success; `details.status` and
 * `details.error` tell), HALE_SDK_API_MISMATCH (the answer does not fit the schema), or what the carrier throws.
 *
 * @example
 * const payments = apiClient(paymentsApi, service.client('payments'));
 * const { receipt } = await payments.charge({ order: '7', cents: 4200 }, { timeoutMs: 2000 });
 */
export function apiClient<Ops extends Operations, Options extends CarrierOptions>(
  api: Api<Ops>,
  carrier: ApiCarrier<Options>,
): ApiClient<Ops, Options> {
  const calls = api.routes.map((route) => [
    route.name,
    (input: unknown, options: Extra<Options>) => call(route, carrier, { input, options }),
  ]);
  return Object.fromEntries(calls) as ApiClient<Ops, Options>;
}

async function call<Options extends CarrierOptions>(
  route: ApiRoute,
  carrier: ApiCarrier<Options>,
  { input, options }: { readonly input: unknown; readonly options: Extra<Options> | undefined },
): Promise<unknown> {
  const { path, json } = place(route, input);
  const key = (options as CarrierOptions | undefined)?.idempotencyKey;
  const reply = await carrier.fetch(path, {
    ...options,
    method: route.method,
    ...(json === undefined ? {} : { json }),
    // Made once a call, so that every try of it carries the same.
    ...(route.definition.requiresKey === true && key === undefined ? { idempotencyKey: crypto.randomUUID() } : {}),
  } as unknown as Options);
  if (!reply.ok) throw await refused(route, carrier, reply);
  if (route.definition.out === undefined) {
    await reply.discard();
    return undefined;
  }
  const checked = await check(route.definition.out, await reply.json());
  if (checked.kind === 'fits') return checked.value;
  const faults = checked.problems.map(({ path: at, message }) => (at === '' ? message : `${at}: ${message}`));
  const message = `${carrier.service} answered ${route.name} with something else than its API says: ${faults.join('; ')}`;
  throw apiError('HALE_SDK_API_MISMATCH', message, { details: { problems: checked.problems } });
}

function place(route: ApiRoute, input: unknown): { readonly path: string; readonly json: unknown } {
  const rest: Record<string, unknown> = { ...(input as Record<string, unknown> | undefined) };
  let inPath = 0;
  const parts = route.parts.map((part) => {
    if (typeof part === 'string') return part;
    const value = rest[part.field];
    delete rest[part.field];
    inPath++;
    return encodeURIComponent(String(value));
  });
  const path = parts.join('/');
  if (route.hasBody) {
    const isWhole = inPath === 0;
    return { path, json: route.definition.in === undefined ? undefined : isWhole ? input : rest };
  }
  const query = new URLSearchParams();
  for (const [name, value] of Object.entries(rest)) {
    if (Array.isArray(value)) for (const one of value) query.append(name, String(one));
    else if (value !== undefined && value !== null) query.append(name, String(value));
  }
  return { path: query.size === 0 ? path : `${path}?${query}`, json: undefined };
}

async function refused(route: ApiRoute, carrier: { readonly service: string }, reply: CarrierReply): Promise<Error> {
  let error: unknown;
  try {
    error = (await reply.json<{ error?: unknown }>()).error;
  } catch {
    // Not JSON: somebody in between answered; the status says what there is to say.
  }
  const said = (error as { message?: unknown } | undefined)?.message;
  const message = `${carrier.service} refused ${route.name} with ${reply.status}${typeof said === 'string' ? `: ${said}` : ''}`;
  return apiError('HALE_SDK_API_REFUSED', message, { details: { status: reply.status, error } });
}
