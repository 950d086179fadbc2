// The letter box, emptied once a turn of the event loop: answers that are ready in the same turn leave together at its end, so that
// a client process which sleeps is woken once for many and not once for each (10 % less CPU a request; decision 0004). Nothing waits longer
// than the turn it was ready in.
import type { IncomingHttpHeaders } from 'node:http';
import type { CallerResponse } from './caller.ts';

export interface Outbox {
  /** Ends `res` at the end of this turn. */
  post(res: CallerResponse, trailers: IncomingHttpHeaders): void;
}

export function createOutbox(): Outbox {
  let answers: CallerResponse[] = [];
  let trailersOf: IncomingHttpHeaders[] = [];
  const empty = () => {
    const leaving = answers;
    const trailers = trailersOf;
    answers = [];
    trailersOf = [];
    for (let i = 0; i < leaving.length; i++) leaving[i]!.finish(trailers[i]!);
  };
  return {
    post(res, trailers) {
      if (answers.length === 0) setImmediate(empty);
      answers.push(res);
      trailersOf.push(trailers);
    },
  };
}
