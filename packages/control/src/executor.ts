// The hands' foreman: takes commands that already stand in the journal (INV-02), each once, refuses those of a leader that
// has been replaced, puts a deadline on each, and reports how each ended. Tables are published in a lane of their own, so
// that ten slow goodbyes never keep traffic on a dead replica. It decides nothing and repeats nothing: the brain does.
import type { Clock } from '@hale/base';
import type { Command, CommandId, CommandResult } from '@hale/model';
import { controlErrors } from './errors.ts';

/** All that it needs of a platform. A simulator, whose time stands still while promises settle, answers by one of its own. */
export interface Doer {
  execute(command: Command): PromiseLike<CommandResult>;
}

export interface ExecutorOptions {
  readonly platform: Doer;
  readonly clock: Clock;
  /** Called exactly once for each command that acts (all but WakeUp and Tell). */
  readonly onFinished: (id: CommandId, result: CommandResult) => void;
  readonly onWakeUp: (afterMs: number) => void;
  /** Delivers a page to whoever listens. Must not throw. */
  readonly onPage: (command: Extract<Command, { kind: 'PagePerson' }>) => void;
  readonly onFault: (error: unknown, command: Command) => void;
}

export interface Executor {
  /** Takes commands in order. Those known by id are passed over. */
  run(commands: readonly Command[]): void;
  /** Commands under way or waiting. */
  readonly pending: number;
}

const atOnceMax = 64;
const waitingMax = 2_000;
const idsKept = 10_000;

type Acting = Exclude<Command, { kind: 'PagePerson' | 'WakeUp' | 'Tell' }>;

export function createExecutor(options: ExecutorOptions): Executor {
  const { onFinished, onWakeUp, onPage } = options;
  const seen = createSeenIds(idsKept);
  const world = createLane(options, atOnceMax);
  const tables = createLane(options, 1);
  let epochSeen = 0;

  const take = (command: Command): void => {
    if (seen.has(command.id)) return;
    seen.add(command.id);
    if (command.epoch < epochSeen) {
      onFinished(command.id, { kind: 'stale' });
      return;
    }
    epochSeen = command.epoch;
    if (command.kind === 'Tell') return;
    if (command.kind === 'WakeUp') onWakeUp(command.afterMs);
    else if (command.kind === 'PublishEndpoints') tables.add(command);
    else if (command.kind === 'PagePerson') {
      onPage(command);
      onFinished(command.id, { kind: 'done' });
    } else world.add(command);
  };
  return {
    run(commands) {
      for (const command of commands) take(command);
    },
    get pending() {
      return world.pending + tables.pending;
    },
  };
}

interface Lane {
  add(command: Acting): void;
  readonly pending: number;
}

function createLane({ platform, clock, onFinished, onFault }: ExecutorOptions, widthMax: number): Lane {
  const waiting: Acting[] = [];
  let under = 0;
  const next = () => {
    while (under < widthMax) {
      const command = waiting.shift();
      if (command === undefined) return;
      start(command);
    }
  };
  const start = (command: Acting) => {
    under++;
    let open = true;
    const finish = (result: CommandResult) => {
      if (!open) return;
      open = false;
      deadline.cancel();
      under--;
      onFinished(command.id, result);
      next();
    };
    // What comes after the deadline is no result any more; the next observation tells what is true.
    const deadline = clock.after(command.deadlineMs, () => finish({ kind: 'timeout' }));
    platform.execute(command).then(finish, (error: unknown) => {
      onFault(error, command);
      finish(fault(error));
    });
  };
  return {
    add(command) {
      if (waiting.length >= waitingMax) onFinished(command.id, full);
      else waiting.push(command);
      next();
    },
    get pending() {
      return under + waiting.length;
    },
  };
}

const full: CommandResult = {
  kind: 'failed',
  code: 'HALE_CONTROL_EXECUTOR_FULL',
  message: `${waitingMax} commands wait already`,
  hint: controlErrors.HALE_CONTROL_EXECUTOR_FULL,
};

/** Hands never throw for what the world does; if they do it is our fault, and the brain hears that it failed. */
function fault(error: unknown): CommandResult {
  const message = error instanceof Error ? error.message : String(error);
  return {
    kind: 'failed',
    code: 'HALE_CONTROL_COMMAND_FAILED',
    message,
    hint: controlErrors.HALE_CONTROL_COMMAND_FAILED,
  };
}

/** The newest `max` ids; an older one cannot come again, because ids are given once and in order. */
function createSeenIds(max: number) {
  const ids = new Set<CommandId>();
  return {
    has: (id: CommandId) => ids.has(id),
    add(id: CommandId) {
      ids.add(id);
      if (ids.size <= max) return;
      const oldest = ids.values().next().value;
      if (oldest !== undefined) ids.delete(oldest);
    },
  };
}
