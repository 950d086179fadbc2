// The label on a parcel: the words that a call carries over the wire, so that patience, importance and the purse of retries are
// known to everybody who works on it (decision 0005). Reading and writing them is all that is here, and nothing throws:
// a word of the request that cannot be meant is a fault for the edge to answer with 400; a word of an answer that makes no sense
// counts as unsaid, because an answer in the hand is not thrown away for its label. Names are in lower case, as Node gives them.

/** Patience left, whole milliseconds. */
export const patienceHeader = 'x-hale-timeout-ms';
/** How much the work matters: `critical`, `normal` or `sheddable`. */
export const priorityHeader = 'x-hale-priority';
/** What the tree of calls below this request may still spend on retries, together. */
export const retriesLeftHeader = 'x-hale-retries-left';
/** On the answer: what it did spend of that. */
export const retriesSpentHeader = 'x-hale-retries-spent';
/** On a 503: the work was not begun, or nothing of it is left, and why. */
export const refusedHeader = 'x-hale-refused';
/** On an answer by fallback: what is missing. */
export const degradedHeader = 'x-hale-degraded';

export type Priority = 'critical' | 'normal' | 'sheddable';

/**
 * Why work was not begun. After `open` and `retries` nobody above tries again; after the others another replica may be asked. `undone`: a keyed
 * request whose database went away under it; all of it was undone, or its key will tell, so the same request may be sent again.
 */
export type Refusal = 'deadline' | 'shed' | 'draining' | 'limit' | 'open' | 'retries' | 'undone';

/** Header fields as Node gives them: lower case names; a field that came twice is a list. */
export type HeaderFields = { readonly [name: string]: string | readonly string[] | undefined };

/** What a request says. `undefined`: it did not say. */
export interface Carried {
  /** For how long the caller still waits. */
  readonly patienceMs: number | undefined;
  readonly priority: Priority;
  readonly retriesLeft: number | undefined;
}

/** A word that cannot be meant: to be answered with 400 and this message. */
export interface CarriedFault {
  readonly header: string;
  /** A sentence: the header, what it said (at most 40 characters of it), what it may say. */
  readonly message: string;
}

/** What an answer says. */
export interface CarriedBack {
  readonly retriesSpent: number;
  readonly refused: Refusal | undefined;
  readonly degraded: string | undefined;
}

/** Larger purses than this are cut to it: nobody's retries are worth more. */
export const retriesLeftMax = 100;
/** Eleven days. A longer patience is cut to it. */
const patienceMsMax = 999_999_999;
const degradedLengthMax = 200;
const nothing: Carried = { patienceMs: undefined, priority: 'normal', retriesLeft: undefined };
const nothingBack: CarriedBack = { retriesSpent: 0, refused: undefined, degraded: undefined };

/**
 * What a request carries, or the first word of it that cannot be meant.
 *
 * @example
 * const carried = readCarried(req.headers);
 * if (isCarriedFault(carried)) return answer(400, 'HALE_SDK_HEADER_INVALID', carried.message);
 * const dueMs = carried.patienceMs === undefined ? undefined : clock.mono() + carried.patienceMs;
 */
export function readCarried(headers: HeaderFields): Carried | CarriedFault {
  const patience = headers[patienceHeader];
  const priority = headers[priorityHeader];
  const retries = headers[retriesLeftHeader];
  if (patience === undefined && priority === undefined && retries === undefined) return nothing;
  const patienceMs = wholeNumber(patience, patienceMsMax);
  if (patienceMs === undefined && patience !== undefined)
    return fault(patienceHeader, patience, 'whole milliseconds, 0 or more');
  const retriesLeft = wholeNumber(retries, retriesLeftMax);
  if (retriesLeft === undefined && retries !== undefined)
    return fault(retriesLeftHeader, retries, `a whole number from 0 to ${retriesLeftMax}`);
  return { patienceMs, priority: parsePriority(priority), retriesLeft };
}

export function isCarriedFault(carried: Carried | CarriedFault): carried is CarriedFault {
  return 'header' in carried;
}

/** What an answer carries; never a fault. */
export function readCarriedBack(headers: HeaderFields): CarriedBack {
  const spent = headers[retriesSpentHeader];
  const refused = headers[refusedHeader];
  const degraded = headers[degradedHeader];
  if (spent === undefined && refused === undefined && degraded === undefined) return nothingBack;
  return {
    retriesSpent: wholeNumber(spent, retriesLeftMax) ?? 0,
    refused: parseRefusal(refused),
    degraded: degraded === undefined ? undefined : String(degraded),
  };
}

/** The word for a priority; an unknown one, or none, is `normal`. */
export function parsePriority(word: string | readonly string[] | undefined): Priority {
  return word === 'critical' || word === 'sheddable' ? word : 'normal';
}

/** Patience as the header says it: whole milliseconds, rounded up, never below 0. */
export function formatPatience(ms: number): string {
  return String(Math.min(patienceMsMax, Math.max(0, Math.ceil(ms))));
}

/** What is missing, as a header may hold it: printable ASCII, at most 200 characters. */
export function formatDegraded(missing: string): string {
  return missing.replace(/[^\x20-\x7e]/g, '?').slice(0, degradedLengthMax);
}

const refusals: ReadonlySet<string> = new Set<Refusal>([
  'deadline',
  'shed',
  'draining',
  'limit',
  'open',
  'retries',
  'undone',
]);

function parseRefusal(word: string | readonly string[] | undefined): Refusal | undefined {
  return typeof word === 'string' && refusals.has(word) ? (word as Refusal) : undefined;
}

/** Digits only, cut to `max`; undefined when it is anything else. */
function wholeNumber(text: string | readonly string[] | undefined, max: number): number | undefined {
  if (typeof text !== 'string' || text.length > 20 || !/^\d+$/.test(text)) return undefined;
  return Math.min(max, Number(text));
}

function fault(header: string, value: string | readonly string[], expected: string): CarriedFault {
  const said = String(value).slice(0, 40);
  return { header, message: `${header} says ${JSON.stringify(said)}: it must be ${expected}` };
}
