// The part of a steward that follows the log: it has the spool to itself, begins once the database was ever started, and judges whether
// the store is behind. A database that does not answer has nothing that the store could lack, once all that came is there.
import type { Clock, Timer } from '@hale/base';
import type { LogObservation } from '@hale/model';
import pg from 'pg';
import type { Strongbox } from '../strongbox.ts';
import { startWalReceiver, type WalReceiver } from '../wal-receiver.ts';
import { occupy } from './occupancy.ts';
import { receiverName } from './receiver-name.ts';
import { forgetSlot } from './slot.ts';

export interface LogLaneOptions {
  readonly box: Strongbox;
  readonly root: string;
  readonly clock: Clock;
  readonly say: (line: string) => void;
}

const againMs = 1_000;
/** A store that was complete a moment ago is. */
const freshMs = 15_000;
/** So long the last commits of those who work with the database are waited for. */
const farewellMs = 10_000;
const farewellEveryMs = 200;

export class LogLane {
  /** When the last hole was found that only a new backup closes; 0: none. */
  holeAt = 0;
  private readonly options: LogLaneOptions;
  private receiver: WalReceiver | undefined;
  private leave: (() => void) | undefined;
  private waiting: Timer | undefined;
  private trouble = '';
  private behindSince: number | undefined;
  private holes = 0;
  private isStopped = false;

  constructor(options: LogLaneOptions) {
    this.options = options;
  }

  /** Tries until it may; never throws. */
  start(): void {
    void this.begin().catch((error: unknown) => {
      this.note(error instanceof Error ? error.message : String(error));
      if (!this.isStopped) this.waiting = this.options.clock.after(againMs, () => this.start());
    });
  }

  /** `forget`: the database need not keep its log for us any more. */
  async stop({ forget }: { readonly forget: boolean }): Promise<void> {
    const { box, clock } = this.options;
    this.isStopped = true;
    this.waiting?.cancel();
    if (this.receiver !== undefined && box.spec.synchronous) await untilNobodyWaits(box, clock);
    await this.receiver?.stop();
    if (forget && this.receiver !== undefined) await forgetSlot(box.url, clock);
    this.leave?.();
  }

  /** On which timeline the store was complete last; 0: it was not yet, in this life. */
  completeOn(): number {
    return this.receiver?.status().completeOn ?? 0;
  }

  /** Looked at once a second. */
  observe(): LogObservation {
    const now = this.options.clock.wall();
    const status = this.receiver?.status();
    if (status !== undefined && status.holes > this.holes) {
      this.holes = status.holes;
      this.holeAt = now;
    }
    const { completeUntil = 0, answering = false, lagBytes = 0, spoolBytes = 0 } = status ?? {};
    const trouble = [this.trouble, status?.serverTrouble, status?.storeTrouble].filter((one) => one).join('; ');
    const isComplete = now - completeUntil < freshMs;
    // Nobody who answers, nothing that waits: there is nothing to lack.
    const hasNothing = status !== undefined && !answering && lagBytes === 0 && status.storeTrouble === '';
    this.behindSince = isComplete || hasNothing ? undefined : (this.behindSince ?? now);
    return {
      completeUntil,
      behindSince: this.behindSince,
      spoolBytes,
      trouble: trouble.replace(/\s+/g, ' ').slice(0, 300),
    };
  }

  private async begin(): Promise<void> {
    const { box, root, clock, say } = this.options;
    const url = box.url();
    const leave = await occupy({ root, database: box.database, errand: 'log' });
    if (this.isStopped) {
      leave();
      return;
    }
    this.leave = leave;
    this.note('');
    this.receiver = startWalReceiver({
      ...{ url, vault: box.vault, spool: box.spool, clock, slot: receiverName, name: receiverName },
      ...(box.spec.synchronous && { voices: box.voices }),
      onChange({ state, serverTrouble, storeTrouble }) {
        say(
          [`${box.database}: the log: ${state}`, serverTrouble, storeTrouble]
            .filter((words) => words !== '')
            .join('; '),
        );
      },
    });
  }

  private note(trouble: string): void {
    if (trouble === this.trouble) return;
    this.trouble = trouble;
    if (trouble !== '') this.options.say(`${this.options.box.database}: the log: ${trouble}`);
  }
}

/** While it is synchronous, whoever commits waits for us: we go when nobody works with the database any more, or after a while. */
async function untilNobodyWaits(box: Strongbox, clock: Clock): Promise<void> {
  const client = new pg.Client({
    connectionString: box.url(),
    application_name: 'hale backup',
    connectionTimeoutMillis: 2_000,
    query_timeout: 2_000,
  });
  client.on('error', () => {});
  const end = clock.mono() + farewellMs;
  try {
    await client.connect();
    while (clock.mono() < end) {
      const { rows } = await client.query<{ n: number }>(
        `select count(*)::int as n from pg_stat_activity
          where backend_type = 'client backend' and application_name not in ('hale', 'hale backup')`,
      );
      if (rows[0]?.n === 0) break;
      await new Promise<void>((resolve) => void clock.after(farewellEveryMs, resolve));
    }
  } catch {
    // It is gone: nobody waits.
  } finally {
    await client.end().catch(() => {});
  }
}
