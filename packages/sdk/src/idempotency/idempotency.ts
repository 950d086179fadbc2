// The counter itself, the same behind every framework: looks at the ticket, lets the rule do the work once, and hands out the answer,
// fresh or repeated, or a problem that says what to do next. It knows no framework; middleware gives it requests and sends its answers.
import { randomUUID } from 'node:crypto';
import { childKeyOf, demandContext, type IdempotencyContext, withContext } from './context.ts';
import { isKeyError, keyError } from './errors.ts';
import { fingerprintOf, identityOf } from './fingerprint.ts';
import { keyHeader, parseKey } from './key.ts';
import { runKeyless } from './keyless.ts';
import { type OnceResult, runOnce, type Work } from './once.ts';
import { type IdempotencyOptions, type IdempotencySettings, type KeyedRequest, readOptions } from './options.ts';
import { problemAnswer } from './problem.ts';
import { keptHeaders } from './replay.ts';
import type { Answer, Claim } from './store.ts';

export interface Idempotency<Tx> {
  readonly settings: IdempotencySettings<Tx>;
  /** Whether requests of this method are kept to one effect. */
  covers(method: string): boolean;
  /**
   * Does `work` once for the key of `request`, and gives the answer to send: its own, an earlier one, or a problem.
   * Rejects only with what `work` rejected with; everything was rolled back then.
   */
  handle(request: KeyedRequest, work: (context: IdempotencyContext<Tx>) => Promise<Answer>): Promise<Answer>;
  /** In a handler: its transaction and child keys. Throws HALE_SDK_KEY_CONTEXT_MISSING outside of one. */
  context(): IdempotencyContext<Tx>;
}

/**
 * Turns an unsafe request into one that may be sent again: same key, same effect, same answer. Give it to the middleware of your framework.
 * Throws HALE_SDK_KEY_OPTION_INVALID.
 *
 * @example
 * const idempotency = createIdempotency({ store: pgStore(pool), scope: 'orders' });
 * app.use(express.json(), expressIdempotency(idempotency));
 * app.post('/orders', async (req, res) => {
 *   const { tx } = idempotency.context();
 *   await tx.query('insert into orders (sku) values ($1)', [req.body.sku]);
 *   res.status(201).json({ sku: req.body.sku });
 * });
 */
export function createIdempotency<Tx>(options: IdempotencyOptions<Tx>): Idempotency<Tx> {
  const settings = readOptions(options);
  const methods = new Set(settings.methods);
  return {
    settings,
    covers: (method) => methods.has(method),
    context: () => demandContext() as IdempotencyContext<Tx>,
    async handle(request, work) {
      try {
        const claim = claimOf(request, settings);
        const result = await runFor(claim, settings, work);
        const answer = answerOf(result, settings);
        settings.onEvent?.({ kind: result.kind, status: answer.status, ...reasonOf(result) });
        return answer;
      } catch (error) {
        if (!isKeyError(error)) throw error;
        const answer = problemAnswer(error);
        settings.onEvent?.({ kind: 'refused', status: answer.status, code: error.code, cause: error.cause });
        return answer;
      }
    },
  };
}

/** Undefined: the request has no key and needs none. */
function claimOf<Tx>(request: KeyedRequest, settings: IdempotencySettings<Tx>): Claim | undefined {
  const parsed = parseKey(request.header(keyHeader));
  if (parsed.kind === 'invalid') throw keyError('HALE_SDK_KEY_INVALID', parsed.why);
  if (parsed.kind === 'none') {
    const { required } = settings;
    if (!(typeof required === 'function' ? required(request) : required)) return undefined;
    throw keyError('HALE_SDK_KEY_MISSING', `${request.method} ${pathOf(request.url)} needs an Idempotency-Key`);
  }
  const route = settings.keysPer === 'route' ? `${request.method} ${pathOf(request.url)}` : undefined;
  return {
    id: identityOf(settings.scope, settings.caller?.(request), route, parsed.key),
    scope: settings.scope,
    key: parsed.key,
    fingerprint: fingerprintOf({
      method: request.method,
      url: request.url,
      contentType: first(request.header('content-type')),
      body: request.body,
      headers: settings.fingerprintHeaders.map((name) => first(request.header(name))),
    }),
  };
}

function runFor<Tx>(
  claim: Claim | undefined,
  settings: IdempotencySettings<Tx>,
  work: (context: IdempotencyContext<Tx>) => Promise<Answer>,
): Promise<OnceResult> {
  const { store, clock } = settings;
  const id = claim?.id ?? randomUUID();
  const inContext: Work<Tx> = async ({ tx, signal }) => {
    const context: IdempotencyContext<Tx> = {
      tx,
      key: claim?.key,
      childKey: (name) => childKeyOf(id, name),
      fencingToken: () => store.fencingToken(tx),
      get signal() {
        return signal();
      },
    };
    return withContext(context, () => work(context));
  };
  const given = {
    ...{ store, clock, work: inContext, times: settings },
    keeps: (answer: Answer) => settings.keeps(answer.status) && answer.body.byteLength <= settings.answerBytesMax,
    keptHeaders: (headers: Answer['headers']) => keptHeaders(headers, settings.replayedHeaders),
  };
  return claim === undefined ? runKeyless(given) : runOnce({ ...given, claim });
}

function answerOf<Tx>(result: OnceResult, settings: IdempotencySettings<Tx>): Answer {
  switch (result.kind) {
    case 'fresh':
      return result.answer;
    case 'discarded':
      if (result.answer.body.byteLength <= settings.answerBytesMax) return result.answer;
      throw keyError('HALE_SDK_KEY_ANSWER_TOO_LARGE', `the answer has more than ${settings.answerBytesMax} bytes`);
    case 'replayed':
      return { ...result.answer, headers: { ...result.answer.headers, 'idempotency-replayed': 'true' } };
    case 'reused':
      throw keyError('HALE_SDK_KEY_REUSED', 'this Idempotency-Key was used for a request with another payload');
    case 'in-progress':
      throw keyError('HALE_SDK_KEY_IN_PROGRESS', 'a request with this Idempotency-Key is being answered');
    case 'timed-out':
      throw keyError(
        'HALE_SDK_KEY_WORK_TIMEOUT',
        `the work was not done within ${settings.workTimeoutMs} ms and was undone`,
      );
    case 'swallowed':
      throw keyError(
        'HALE_SDK_KEY_FAILURE_SWALLOWED',
        'a statement failed in the transaction, and the handler answered as if it had not',
      );
    case 'undone':
      throw result.began
        ? keyError('HALE_SDK_KEY_WORK_UNDONE', 'the transaction was lost before it could commit', result.cause)
        : keyError('HALE_SDK_KEY_STORE_DOWN', 'the database did not take the Idempotency-Key', result.cause);
    case 'unknown':
      throw keyError(
        'HALE_SDK_KEY_OUTCOME_UNKNOWN',
        'the connection broke while the work was being committed',
        result.cause,
      );
    case 'threw':
      throw result.error;
  }
}

function reasonOf(result: OnceResult): { code: undefined; cause: unknown } {
  return { code: undefined, cause: 'cause' in result ? result.cause : undefined };
}

function pathOf(url: string): string {
  const query = url.indexOf('?');
  return query === -1 ? url : url.slice(0, query);
}

function first(value: string | readonly string[] | undefined): string | undefined {
  return typeof value === 'string' || value === undefined ? value : value.join(', ');
}
