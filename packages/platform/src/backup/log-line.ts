// The stenographer's ear: what the server says while it sends its log is handed on in the very moment in which it comes, because a commit
// waits for the answer. All that came in one breath is taken, and then there is one moment to write it down. Who has no room says
// so, and the line waits; nothing is kept here but what was in the air already (INV-09).
export interface LogReader {
  /** Takes one message, which is the reader's for the length of this call; false: not now, and it comes again after goOn(). */
  take(message: Buffer): boolean;
  /** Nothing more has come for the moment. */
  settle(): void;
}

export interface LogLine {
  /** When the server has come to the end of this timeline. Rejects when the line breaks, or with what the reader threw. */
  readonly ended: Promise<void>;
  /** There may be room again. */
  goOn(): void;
}

/** What a line stands on: the socket's reading, held back and let go. */
export interface Faucet {
  pause(): void;
  resume(): void;
}

export interface Listener extends LogLine {
  message(chunk: Buffer): void;
  /** All of what the socket gave at once was handed over. */
  breath(): void;
  finish(): void;
  fail(error: Error): void;
}

export function createListener(faucet: Faucet, reader: LogReader): Listener {
  const { promise: ended, resolve, reject } = Promise.withResolvers<void>();
  // Whoever waits for it meets the error there; it may come before anybody does.
  ended.catch(() => {});
  const held: Buffer[] = [];
  let isDeaf = false;
  const fail = (error: unknown) => {
    isDeaf = true;
    held.length = 0;
    reject(error);
  };
  const guarded = (work: () => void) => {
    if (isDeaf) return;
    try {
      work();
    } catch (error) {
      fail(error);
    }
  };
  return {
    ended,
    message(chunk) {
      guarded(() => {
        if (held.length === 0 && reader.take(chunk)) return;
        // The driver uses its buffer again for what comes next.
        held.push(Buffer.from(chunk));
        faucet.pause();
      });
    },
    breath: () => guarded(() => reader.settle()),
    goOn() {
      guarded(() => {
        while (held[0] !== undefined && reader.take(held[0])) held.shift();
        reader.settle();
        if (held.length === 0) faucet.resume();
      });
    },
    finish() {
      if (isDeaf) return;
      isDeaf = true;
      resolve();
    },
    fail,
  };
}
