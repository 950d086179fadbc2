// The porter between the street and the workshop: reads each request's slip, turns away what makes no sense or what nobody waits
// for any more, asks the shift leader (admission) whether there is room, and only then lets it in, on a tray of its own (see
// current-call.ts). It stands in front of any handler of the server, a framework's too, because it takes the server's own
// 'request' event. Probes and fault doors pass by it: an overloaded service must still be able to say so.
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { Clock } from '@hale/base';
import { InboundCall, inboundCall, runInCall } from './current-call.ts';
import { type Door, type DoorTicket, isEventStream } from './door.ts';
import { readInboundWords } from './inbound-words.ts';
import type { Handler } from './listen.ts';
import { refuseWords, refuseWork } from './refusal.ts';

/** Runs before the handler, as work for the request; `next` lets it pass. Throwing, or rejecting, is answered with 500. */
export type Interceptor = (req: IncomingMessage, res: ServerResponse, next: () => void) => unknown;

export interface GateOptions {
  readonly clock: Clock;
  /** Counts every request, whatever becomes of it. */
  readonly arrived: (res: ServerResponse) => void;
  /** True for what passes by: probes, fault doors. */
  readonly isExempt: (req: IncomingMessage) => boolean;
  /** Says who may begin now, and who not at all. */
  readonly door: Door;
  readonly interceptors: readonly Interceptor[];
  readonly fail: (error: unknown, req: IncomingMessage, res: ServerResponse) => void;
}

type Pass = () => void;

/** Puts the porter in front of every 'request' listener of `server`, those added later too. Once a server. */
export function guardServer(server: Server, options: GateOptions): void {
  if (guarded.has(server)) return;
  guarded.add(server);
  const emit = server.emit as (event: string, ...args: unknown[]) => boolean;
  server.emit = ((event: string, ...args: unknown[]): boolean => {
    if (event !== 'request') return emit.call(server, event, ...args);
    const [req, res] = args as [IncomingMessage, ServerResponse];
    receive({ req, res }, options, () => void emit.call(server, 'request', req, res));
    return true;
  }) as typeof server.emit;
}

const guarded = new WeakSet<Server>();

/** The same in front of one handler; it steps aside for what came through the porter of the server. */
export function guardHandler(handler: Handler, options: GateOptions): Handler {
  return (req, res) => {
    if (inboundCall() !== undefined) return handler(req, res);
    return receive({ req, res }, options, () => void handler(req, res));
  };
}

interface Pair {
  readonly req: IncomingMessage;
  readonly res: ServerResponse;
}

function receive(pair: Pair, options: GateOptions, pass: Pass): void {
  const { req, res } = pair;
  options.arrived(res);
  if (options.isExempt(req)) {
    pass();
    return;
  }
  const said = readInboundWords(req.headers);
  if ('fault' in said) {
    refuseWords(pair, said.fault);
    return;
  }
  const call = new InboundCall(said, res, options.clock);
  res.once('close', () => call.end());
  if (call.remainingMs() === 0) {
    refuseWork(pair, 'deadline');
    return;
  }
  if (options.door.isOpen || isEventStream(req)) letIn(pair, { call, options, pass });
  else queue(pair, { call, options, pass });
}

/** Until its turn has come; whoever goes away while waiting is not kept in line. */
function queue(pair: Pair, how: { call: InboundCall; options: GateOptions; pass: Pass }): void {
  const { call, options } = how;
  const { res } = pair;
  let isOver = false;
  let ticket: DoorTicket | undefined;
  const over = () => {
    isOver = true;
    ticket?.leave(outcomeOf(call, res));
  };
  res.once('close', over);
  ticket = options.door.enter({
    priority: call.priority,
    deadlineMs: call.dueMs,
    begin: () => letIn(pair, how),
    refuse: (why) => refuseWork(pair, why === 'deadline' ? 'deadline' : 'shed'),
  });
  if (isOver) over();
}

/** What an answer says about load: its caller's leaving and its own fast failure say nothing. */
function outcomeOf(call: InboundCall, res: ServerResponse): 'ok' | 'dropped' | 'ignored' {
  if (call.isGone) return 'ignored';
  if (res.statusCode < 500) return 'ok';
  return res.statusCode === 504 ? 'dropped' : 'ignored';
}

function letIn(pair: Pair, how: { call: InboundCall; options: GateOptions; pass: Pass }): void {
  const { call, options, pass } = how;
  const { req } = pair;
  const { 'content-length': length, 'transfer-encoding': coding } = req.headers;
  if (coding !== undefined || (length !== undefined && length !== '0')) keepInCall(req, call);
  runInCall(call, () => {
    if (options.interceptors.length === 0) pass();
    else intercept(pair, options, pass);
  });
}

/** A body's events come from the parser, which knows of no request: a framework that goes on in 'end' would lose the tray. */
function keepInCall(req: IncomingMessage, call: InboundCall): void {
  const emit = req.emit;
  req.emit = ((...args: Parameters<typeof emit>) => runInCall(call, () => emit.apply(req, args))) as typeof emit;
}

function intercept({ req, res }: Pair, options: GateOptions, pass: Pass): void {
  const { interceptors, fail } = options;
  const step = (index: number): void => {
    const interceptor = interceptors[index];
    try {
      if (interceptor === undefined) {
        pass();
        return;
      }
      const result = interceptor(req, res, () => step(index + 1));
      if (result instanceof Promise) result.catch((error: unknown) => fail(error, req, res));
    } catch (error) {
      fail(error, req, res);
    }
  };
  step(0);
}
