// The ring of the house: a letter comes in, the brain thinks, both go into the book in one stroke, and only then are the hands
// called. Serial by construction: one letter at a time, from one bounded box, so that state, journal and deeds never disagree.
//
//   platform --observations--> inbox -> brain.step -> journal.append([event, commands]) -> executor --outcomes--> inbox
//
// Event and commands are one transaction: a step that could not be written down has not happened, and nothing of it is done
// (INV-02). It does no I/O but the journal's; see loop/ for its parts and control.ts for who starts it.
import { type Clock, isHaleError, type Stamp } from '@hale/base';
import { type Command, type EventBody, eventVersion, type HaleEvent, type Observation } from '@hale/model';
import type { Journal, JournalRecord, Platform } from '@hale/ports';
import type { Brain } from './brain.ts';
import { controlError } from './errors.ts';
import { createExecutor, type Doer } from './executor.ts';
import { createAlarm } from './loop/alarm.ts';
import { createInbox, type Inbox, type Letter } from './loop/inbox.ts';
import { createLagWatch } from './loop/lag-watch.ts';
import { createSnapshots } from './loop/snapshots.ts';

export interface LoopOptions<State> {
  readonly brain: Brain<State>;
  readonly journal: Journal;
  readonly platform: Pick<Platform, 'observe'> & Doer;
  readonly clock: Clock;
  readonly bootId: string;
  /** Where it begins: see loop/restore.ts. */
  readonly state: State;
  readonly seq: number;
  /** Takes secrets out of an event before anybody keeps it (INV-12). */
  readonly clean: (event: HaleEvent) => HaleEvent;
  /** Whether this process still holds the lease; asked before every step that acts. */
  readonly mayLead: () => boolean;
  /** After every step: the new state, its place, and whether it has told a line of the story. */
  readonly onStep: (state: State, seq: number, told: boolean) => void;
  readonly onPage: (command: Extract<Command, { kind: 'PagePerson' }>) => void;
  /** Something is wrong that it lives with; said once for each bout. */
  readonly onTrouble: (error: unknown) => void;
  /** It cannot go on: the process should end, so that the keeper starts a fresh one. */
  readonly onFatal: (error: unknown) => void;
  /** Another box than the house's own: whether the games would notice a box that loses letters is tested so. */
  readonly inbox?: Inbox | undefined;
}

export interface Loop<State> {
  /** Begins to observe. */
  start(): void;
  /** Puts an event of this process's own (an election, a declaration, an order) in; settled once it is in the journal. */
  submit(body: EventBody): Promise<void>;
  /** The same for who cannot wait: `settled` is called once, with what kept it from being written down. */
  offer(body: EventBody, settled: (error: Error | undefined) => void): void;
  readonly state: State;
  /** What keeps it from acting at present; undefined: nothing does. */
  readonly trouble: string | undefined;
  /** Takes nothing new, finishes what is in the box and (bounded) what the hands have begun, writes a snapshot. */
  finish(): Promise<void>;
  /** The same for who cannot wait. */
  close(closed: () => void): void;
}

const lettersATurn = 64;
const retryFullMs = 1_000;
const finishMsMax = 1_000;
const lookAgainMs = 20;

export function createLoop<State>(options: LoopOptions<State>): Loop<State> {
  const { brain, journal, platform, clock, onFatal } = options;
  const inbox = options.inbox ?? createInbox();
  const snapshots = createSnapshots({ journal, clock, onTrouble: options.onTrouble, current: () => ({ seq, state }) });
  let { state, seq } = options;
  let stage: 'open' | 'full' | 'closed' = 'open';
  let turnPlanned = false;
  let stopObserving: (() => void) | undefined;
  let trouble: string | undefined;
  let fullSince: number | undefined;

  const now = (): Stamp => ({ wall: clock.wall(), mono: clock.mono(), bootId: options.bootId });
  const put = (body: EventBody, settled?: Letter['settled']) => {
    inbox.put({ event: { at: now(), ...body }, settled });
    planTurn();
  };
  const alarm = createAlarm(clock, () => put({ kind: 'TimePassed' }));
  /** Said before everything that waits: whatever that is, it is judged with eyes that were shut. */
  const sayLate = (lagMs: number) => {
    inbox.putBack({ event: { at: now(), kind: 'ObserverLagged', lagMs }, settled: undefined });
    planTurn();
  };
  const tellLag = () => {
    const lagMs = lag.check();
    if (lagMs !== undefined) sayLate(lagMs);
  };
  const lag = createLagWatch(clock, tellLag);
  const executor = createExecutor({
    platform,
    clock,
    onFinished: (command, result) => put({ kind: 'CommandFinished', command, result }),
    onWakeUp: (afterMs) => alarm.set(afterMs),
    onPage: options.onPage,
    onFault: options.onTrouble,
  });
  const observe = (observation: Observation) => {
    tellLag();
    put({ kind: 'Observed', observation });
  };

  const planTurn = () => {
    if (turnPlanned || stage !== 'open' || inbox.size === 0) return;
    turnPlanned = true;
    clock.after(0, takeTurn);
  };
  const takeTurn = () => {
    turnPlanned = false;
    tellLag();
    for (let taken = 0; taken < lettersATurn && stage === 'open'; taken++) {
      const letter = inbox.take();
      if (letter === undefined) return;
      handle(letter);
    }
    planTurn();
  };
  const handle = (letter: Letter) => {
    try {
      takeStep(options.clean(letter.event));
      letter.settled?.(undefined);
    } catch (error) {
      if (isFull(error)) return waitForRoom(letter, error);
      letter.settled?.(error as Error);
      stage = 'closed';
      onFatal(error);
    }
  };
  const takeStep = (event: HaleEvent) => {
    const next = brain.step(state, event);
    const acts = next.commands.some(isActing);
    if (acts && !options.mayLead()) throw controlError('HALE_CONTROL_LEASE_LOST', 'another control room leads now');
    seq = journal.append(toRecords(event, next.commands), { durable: acts || isWeighty(event) });
    state = next.state;
    executor.run(next.commands);
    snapshots.wrote(1 + next.commands.length);
    trouble = undefined;
    fullSince = undefined;
    options.onStep(state, seq, next.commands.some(isTold));
  };
  const tellTrouble = (text: string) => {
    trouble = text;
    options.onStep(state, seq, false);
  };
  /** The disk is full: who waits for an answer gets it, the rest stays in the box until it can be written down. */
  const waitForRoom = (letter: Letter, error: unknown) => {
    if (stage === 'open') {
      options.onTrouble(error);
      fullSince ??= clock.mono();
      clock.after(retryFullMs, tryAgain);
    }
    if (stage !== 'closed') stage = 'full';
    if (trouble === undefined) tellTrouble((error as Error).message);
    if (letter.settled !== undefined) letter.settled(error as Error);
    else if (letter.event.kind !== 'ObserverLagged') inbox.putBack(letter);
  };
  /** What waits in the box is old news, and the newest of it comes last: whoever judged by the first of it would judge what has passed. */
  const tryAgain = () => {
    if (stage !== 'full') return;
    stage = 'open';
    sayLate(Math.round(clock.mono() - (fullSince ?? clock.mono())));
  };
  const offer: Loop<State>['offer'] = (body, settled) => {
    if (stage === 'closed') settled(controlError('HALE_CONTROL_STOPPING', 'control is handing over'));
    else if (stage === 'full') settled(controlError('HALE_CONTROL_JOURNAL_FULL', trouble ?? 'the disk is full'));
    else if (!inbox.hasRoom()) settled(controlError('HALE_CONTROL_INBOX_FULL', 'too much waits already'));
    else put(body, settled);
  };
  const close: Loop<State>['close'] = (closed) => {
    stopObserving?.();
    const until = clock.mono() + finishMsMax;
    const tryNow = () => {
      if (executor.pending > 0 && clock.mono() < until && stage === 'open') clock.after(lookAgainMs, tryNow);
      else {
        shut();
        closed();
      }
    };
    tryNow();
  };
  const shut = () => {
    while (stage === 'open' && inbox.size > 0) handle(inbox.take() as Letter);
    stage = 'closed';
    // What cannot be written down any more is said to whoever waits for it.
    for (let letter = inbox.take(); letter !== undefined; letter = inbox.take())
      letter.settled?.(controlError('HALE_CONTROL_STOPPING', 'control is handing over'));
    alarm.cancel();
    lag.stop();
    snapshots.finish();
  };

  return {
    get state() {
      return state;
    },
    get trouble() {
      return trouble;
    },
    start() {
      stopObserving = platform.observe(observe);
      snapshots.start();
    },
    submit(body) {
      return new Promise((resolve, reject) => {
        offer(body, (error) => (error === undefined ? resolve() : reject(error)));
      });
    },
    offer,
    close,
    finish: () => new Promise((resolve) => close(resolve)),
  };
}

function toRecords(event: HaleEvent, commands: readonly Command[]): JournalRecord[] {
  const version = eventVersion;
  return [
    { kind: 'event', version, event },
    ...commands.map((command): JournalRecord => ({ kind: 'command', version, command })),
  ];
}

const idle: ReadonlySet<Command['kind']> = new Set(['WakeUp', 'Tell']);
const cheap: ReadonlySet<HaleEvent['kind']> = new Set(['Observed', 'TimePassed', 'ObserverLagged']);

const isActing = (command: Command) => !idle.has(command.kind);
const isTold = (command: Command) => command.kind === 'Tell' || command.kind === 'PagePerson';
/** What cannot be observed a second time: outcomes, orders, declarations, elections. */
const isWeighty = (event: HaleEvent) => !cheap.has(event.kind);
const isFull = (error: unknown) => isHaleError(error) && error.code === 'HALE_CONTROL_JOURNAL_FULL';
