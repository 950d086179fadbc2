// The counter at which connections are handed out: so many and no more, so many people in the queue and no more. Each connection comes with a lane of
// the receipt book (ledger.ts). A connection on which anything went wrong is thrown away, its lane goes on with the next one.
import { randomUUID } from 'node:crypto';
import type { Clock } from '@hale/base';
import { type DriverClient, type DriverPool, type LineState, lineState, openPool } from './driver.ts';
import { sqlError } from './errors.ts';
import type { Lane } from './ledger.ts';
import type { Patience } from './patience.ts';

export interface Line {
  readonly client: DriverClient;
  readonly state: LineState;
  readonly lane: Lane;
  /** Puts it back; `isSpent`: throws it away. */
  give(isSpent: boolean): void;
  /** What became of its last commit is not known yet: until it is (`returnLane`) nobody else may write in this row. */
  keepLane(): void;
}

export interface ConnectionsOptions {
  readonly url: string;
  readonly connections: number;
  readonly waitersMax: number;
  readonly name: string;
  readonly clock: Clock;
}

export class Connections {
  private readonly options: ConnectionsOptions;
  private pool: Promise<DriverPool> | undefined = undefined;
  private readonly lanes: Lane[] = [];
  private waiting = 0;
  private isClosed = false;

  constructor(options: ConnectionsOptions) {
    this.options = options;
  }

  /** Throws HALE_SDK_SQL_BUSY at once when too many wait already, what `onEnd` gives when it takes too long, or what the driver says. */
  async take(patience: Patience, onEnd: () => Error): Promise<Line> {
    const { waitersMax, connections } = this.options;
    if (this.isClosed) throw sqlError('HALE_SDK_SQL_BUSY', 'the service is closing its connections');
    if (this.waiting >= waitersMax + connections) {
      const words = `all ${connections} connections are in use and ${waitersMax} others wait for one`;
      throw sqlError('HALE_SDK_SQL_BUSY', words);
    }
    this.waiting++;
    try {
      const asked = this.open().then((pool) => pool.connect());
      return this.lineOf(await patience.within(asked, () => this.leaveQueue(asked, onEnd)));
    } finally {
      this.waiting--;
    }
  }

  returnLane(lane: Lane): void {
    this.lanes.push(lane);
  }

  async close(): Promise<void> {
    this.isClosed = true;
    const pool = await this.pool?.catch(() => undefined);
    await pool?.end();
  }

  private open(): Promise<DriverPool> {
    this.pool ??= openPool(this.options).catch((error: unknown) => {
      this.pool = undefined;
      throw error;
    });
    return this.pool;
  }

  /** Who has gone does not want it any more when it comes. */
  private leaveQueue(asked: Promise<DriverClient>, onEnd: () => Error): Error {
    asked.then(
      (client) => client.release(),
      () => {},
    );
    return onEnd();
  }

  private lineOf(client: DriverClient): Line {
    const state = lineState(client);
    let lane: Lane | undefined;
    const takeLane = () => this.lanes.pop() ?? { id: randomUUID(), number: 0 };
    let isGiven = false;
    let isLaneKept = false;
    return {
      client,
      state,
      // Who only asks or reads needs none.
      get lane() {
        lane ??= takeLane();
        return lane;
      },
      keepLane: () => {
        isLaneKept = true;
      },
      give: (isSpent) => {
        if (isGiven) return;
        isGiven = true;
        if (lane !== undefined && !isLaneKept) this.lanes.push(lane);
        client.release(isSpent || state.isBroken);
      },
    };
  }
}
