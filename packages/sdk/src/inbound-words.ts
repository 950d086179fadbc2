// The slip pinned to a request that comes in: Hale's own words (see carried.ts of @hale/resilience), the Idempotency-Key and the
// trace. A wrong word is refused aloud; telemetry's never fail a request: a broken one is as good as none (W3C Trace Context 3.2).
import type { IncomingHttpHeaders } from 'node:http';
import { type Carried, isCarriedFault, readCarried } from '@hale/resilience';

/** What a request said of itself; what was not said is undefined. */
export interface InboundWords extends Carried {
  readonly key: string | undefined;
  readonly traceparent: string | undefined;
  readonly tracestate: string | undefined;
  readonly baggage: string | undefined;
}

/** Why a request is answered with 400. */
export interface WordFault {
  readonly fault: string;
}

export const keyHeader = 'idempotency-key';
const keyLengthMax = 255;
const tracestateLengthMax = 512;
const baggageLengthMax = 8_192;

/** The words of a request, or what is wrong with them. */
export function readInboundWords(headers: IncomingHttpHeaders): InboundWords | WordFault {
  const carried = readCarried(headers);
  if (isCarriedFault(carried)) return { fault: carried.message };
  const key = headers[keyHeader] as string | undefined;
  const keyFault = key === undefined ? undefined : faultOfKey(key);
  if (keyFault !== undefined) return { fault: `${keyHeader} ${keyFault}` };
  const traceparent = headers['traceparent'] as string | undefined;
  const isTraced = traceparent !== undefined && isTraceparent(traceparent);
  return {
    patienceMs: carried.patienceMs,
    priority: carried.priority,
    retriesLeft: carried.retriesLeft,
    key,
    traceparent: isTraced ? traceparent : undefined,
    tracestate: isTraced ? within(headers['tracestate'], tracestateLengthMax) : undefined,
    baggage: within(headers['baggage'], baggageLengthMax),
  };
}

/** Why `key` is no Idempotency-Key that is taken or sent; undefined when it is one. */
export function faultOfKey(key: string): string | undefined {
  if (key === '') return 'is empty';
  if (key.length > keyLengthMax) return `is longer than ${keyLengthMax} characters`;
  return /^[\x20-\x7e]+$/.test(key) ? undefined : 'must be printable ASCII';
}

function within(text: string | string[] | undefined, lengthMax: number): string | undefined {
  return typeof text === 'string' && text !== '' && text.length <= lengthMax ? text : undefined;
}

const zeroTrace = '0'.repeat(32);
const zeroSpan = '0'.repeat(16);

function isTraceparent(text: string): boolean {
  const match = /^(?!ff)[0-9a-f]{2}-([0-9a-f]{32})-([0-9a-f]{16})-[0-9a-f]{2}$/.exec(text);
  return match !== null && match[1] !== zeroTrace && match[2] !== zeroSpan;
}
