// For those who stack the springs themselves: `compose` puts layers around a call in the order given, outermost first, and `lintOrder` knows
// the stacks that look right and are not, each with the reason and the cure. `policy({...})` needs neither: its order is right by
// construction (decision 0005). The linter only reads names; it refuses nothing, `compose` does when told to be strict.
import { HaleError } from '@hale/base';
import type { Call, Layer } from './policy/types.ts';

/** What a layer is, as the linter knows it. `other` is never complained of. */
export type LayerKind =
  | 'fallback'
  | 'cache'
  | 'rate-limit'
  | 'throttle'
  | 'deadline'
  | 'retry'
  | 'breaker'
  | 'bulkhead'
  | 'adaptive-limit'
  | 'hedge'
  | 'timeout'
  | 'fault-injection'
  | 'other';

export interface NamedLayer {
  readonly kind: LayerKind;
  readonly layer: Layer;
}

export interface OrderProblem {
  /** The layer that stands too far out, and the one that should be outside of it (or is missing). */
  readonly outer: LayerKind;
  readonly inner: LayerKind;
  readonly message: string;
  readonly hint: string;
}

/** `outer` must not be outside of `inner`. */
interface WrongPair {
  readonly outer: LayerKind;
  readonly inner: LayerKind;
  readonly because: string;
}

const limits: readonly LayerKind[] = ['bulkhead', 'adaptive-limit'];

const wrongPairs: readonly WrongPair[] = [
  {
    outer: 'breaker',
    inner: 'retry',
    because: 'the breaker sees one failure where there were several tries, and an open one cannot end the retries',
  },
  {
    outer: 'timeout',
    inner: 'breaker',
    because: 'what times out never reaches the breaker, so it stays closed (moleculer#1202)',
  },
  { outer: 'retry', inner: 'cache', because: 'each try asks the cache again, and ten waiting callers retry ten times' },
  {
    outer: 'breaker',
    inner: 'cache',
    because: 'cached answers count as health of the other side, and are not given while it is open',
  },
  {
    outer: 'timeout',
    inner: 'cache',
    because: 'one impatient caller calls the shared errand off with a timeout of an attempt',
  },
  {
    outer: 'breaker',
    inner: 'fallback',
    because: 'the breaker never sees a failure: the fallback has already answered',
  },
  { outer: 'retry', inner: 'fallback', because: 'nothing is ever retried: the fallback answers at the first failure' },
  { outer: 'cache', inner: 'fallback', because: 'a stand-in answer is kept as if it were real' },
  { outer: 'timeout', inner: 'fallback', because: 'what times out gets no fallback' },
  { outer: 'hedge', inner: 'retry', because: 'each leg retries, so one slow call becomes two series of tries' },
  {
    outer: 'hedge',
    inner: 'breaker',
    because: 'both legs of one call are counted, and the loser looks like a failure',
  },
  { outer: 'hedge', inner: 'cache', because: 'the second leg is coalesced with the first and waits for it' },
  {
    outer: 'timeout',
    inner: 'retry',
    because: 'one timeout around all tries: the first slow try eats the patience of the others',
  },
  {
    outer: 'timeout',
    inner: 'hedge',
    because: 'the patience of one attempt is shared by two legs; the second has what is left',
  },
  { outer: 'retry', inner: 'rate-limit', because: 'each try waits for and spends a turn of its own' },
  {
    outer: 'retry',
    inner: 'throttle',
    because: 'what was refused here to spare the other side is asked again at once',
  },
  { outer: 'retry', inner: 'deadline', because: 'every try gets the whole patience anew' },
  {
    outer: 'fault-injection',
    inner: 'retry',
    because: 'an injected fault is never retried, so the drill says nothing about the retry',
  },
  { outer: 'fault-injection', inner: 'breaker', because: 'the breaker never sees the injected faults' },
  { outer: 'fault-injection', inner: 'timeout', because: 'an injected delay is not timed out' },
  ...limits.flatMap((limit): readonly WrongPair[] => [
    { outer: limit, inner: 'breaker', because: 'a call that the open breaker refuses takes a slot first' },
    { outer: limit, inner: 'retry', because: 'a call in backoff holds its slot' },
    {
      outer: limit,
      inner: 'cache',
      because: 'a cached answer needs a slot, so a full house refuses what costs nothing',
    },
    { outer: limit, inner: 'fallback', because: 'a full house gets no fallback' },
    { outer: 'hedge', inner: limit, because: 'the second leg competes for a slot with first calls of others' },
    {
      outer: 'timeout',
      inner: limit,
      because: 'the wait in the queue is charged to the attempt, and the other side is blamed for it',
    },
  ]),
];

/**
 * The known wrong orders in a stack, outermost first. Empty when there is none.
 *
 * @example
 * lintOrder(['timeout', 'retry', 'breaker']).map((problem) => problem.message);
 */
export function lintOrder(kinds: readonly LayerKind[]): readonly OrderProblem[] {
  const problems: OrderProblem[] = [];
  for (const { outer, inner, because } of wrongPairs) {
    const outerAt = kinds.indexOf(outer);
    const innerAt = kinds.lastIndexOf(inner);
    if (outerAt < 0 || innerAt < 0 || outerAt > innerAt) continue;
    // A second layer of the kind in the right place (a timeout inside the breaker besides the one outside of all) is an order of its own.
    if (kinds.lastIndexOf(outer) > innerAt && outer === 'timeout') continue;
    problems.push({
      outer,
      inner,
      message: `${outer} is outside of ${inner}: ${because}`,
      hint: hintFor(outer, inner),
    });
  }
  for (const kind of repeated(kinds))
    problems.push({
      outer: kind,
      inner: kind,
      message: `${kind} stands twice: tries multiply`,
      hint: `keep one ${kind}`,
    });
  return problems;
}

function hintFor(outer: LayerKind, inner: LayerKind): string {
  if (outer === 'timeout' && inner === 'retry')
    return "add a 'timeout' inside the breaker, and use 'deadline' for the whole call";
  return `put ${outer} inside of ${inner}`;
}

/** Kinds that multiply when they stand twice. */
function repeated(kinds: readonly LayerKind[]): readonly LayerKind[] {
  return (['retry', 'hedge'] as const).filter((kind) => kinds.indexOf(kind) !== kinds.lastIndexOf(kind));
}

export interface ComposeOptions {
  /** 'refuse' (default) throws HALE_RESILIENCE_ORDER at a known wrong order, 'allow' stacks it all the same. */
  readonly wrongOrder?: 'refuse' | 'allow';
}

/**
 * One layer of many, outermost first. For those who know why `policy()` does not do.
 *
 * @throws HALE_RESILIENCE_ORDER when the order is one of those that are known to be wrong
 * @example
 * const stack = compose([{ kind: 'fallback', layer: fallback }, { kind: 'cache', layer: cached }]);
 * const call = stack(({ signal }) => fetch(url, { signal }));
 */
export function compose(layers: readonly NamedLayer[], { wrongOrder = 'refuse' }: ComposeOptions = {}): Layer {
  const problems = lintOrder(layers.map(({ kind }) => kind));
  if (problems.length > 0 && wrongOrder === 'refuse') {
    throw new HaleError({
      code: 'HALE_RESILIENCE_ORDER',
      message: problems.map(({ message, hint }) => `${message} (${hint})`).join('; '),
      hint: "move the layers that the message names, use policy(), whose order is right, or say wrongOrder: 'allow'",
      details: { problems },
    });
  }
  return <T>(call: Call<T>): Call<T> => layers.reduceRight((inner, { layer }) => layer(inner), call);
}
