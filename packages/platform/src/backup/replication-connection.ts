// The telephone line to the server's copying department: a connection in replication mode, over which a server gives a whole
// copy of itself, or its log as it is written. The driver reads as fast as the network gives; this file makes it wait when
// nobody has taken what came, so that memory stays bounded (INV-09).
import pg from 'pg';
import { backupError } from './errors.ts';
import { createListener, type Listener, type LogLine, type LogReader } from './log-line.ts';

const waitingBytesMax = 8 * 1024 * 1024;
const connectTimeoutMs = 10_000;
/** Of what is answered at once, where anybody is there. */
const queryTimeoutMs = 30_000;
/** A line on which we only wait is asked after by the kernel when it was quiet for so long; ten seconds later it is known to be dead. */
const quietMs = 10_000;

/** The parts of the driver that it has for this and does not describe. */
interface Wire {
  on(event: 'copyData', listener: (message: { chunk: Buffer }) => void): void;
  on(event: 'copyDone', listener: () => void): void;
  endCopyFrom(): void;
  readonly stream: {
    pause(): void;
    resume(): void;
    destroy(why?: Error): void;
    on(event: 'data', listener: () => void): void;
    write(message: Buffer): void;
    readonly writable: boolean;
  };
}

export type Row = Readonly<Record<string, string | null>>;

export interface CopyStream extends AsyncIterable<Buffer> {
  /** What the server said around the copy: one list of rows a result. Resolves when the command has ended. */
  readonly results: Promise<readonly (readonly Row[])[]>;
}

export interface ReplicationConnection {
  query(text: string): Promise<readonly Row[]>;
  /** Runs a command that answers with a stream. One at a time. */
  copy(text: string): CopyStream;
  /** Runs a command that answers with the log as it is written (START_REPLICATION). One at a time. */
  follow(text: string, reader: LogReader): LogLine;
  /** Into what is followed: a message of the protocol, as it goes over the line. */
  send(message: Buffer): void;
  close(): Promise<void>;
  /** What was on its way is lost; whoever follows is told why. */
  cut(why?: Error): void;
}

/** The driver knows a bound for each question; its types do not. */
const quickly = (text: string) => ({ text, query_timeout: queryTimeoutMs });

/** 42501: the role may not; 28000: pg_hba.conf has no line for it. */
function refuseForRights(user: string, cause: Error & { code?: string }): void {
  const role = pg.escapeIdentifier(user);
  const missing =
    cause.code === '42501'
      ? `the role attribute REPLICATION: alter role ${role} replication`
      : cause.code === '28000' && cause.message.includes('replication')
        ? `a line of pg_hba.conf: host replication ${role} <address of this machine>/32 scram-sha-256; then select pg_reload_conf()`
        : undefined;
  if (missing === undefined) return;
  throw backupError(
    'HALE_PLATFORM_BACKUP_RIGHTS',
    `${user} may not copy this server (${cause.message}). It lacks ${missing}`,
    {
      cause,
    },
  );
}

/**
 * `url`: postgres://user:password@host:port/. `silentMs`: the server lets go of the line, and of its slot, when it heard nothing from us for so
 * long; its own default is a minute. Throws HALE_PLATFORM_BACKUP_SOURCE, _RIGHTS.
 */
export async function connectReplication(
  url: string,
  applicationName: string,
  { silentMs }: { readonly silentMs?: number } = {},
): Promise<ReplicationConnection> {
  const client = new pg.Client({
    connectionString: url,
    application_name: applicationName,
    connectionTimeoutMillis: connectTimeoutMs,
    keepAlive: true,
    keepAliveInitialDelayMillis: quietMs,
    ...(silentMs !== undefined && { options: `-c wal_sender_timeout=${silentMs}` }),
    // The driver passes it on; its types do not know it.
    ...({ replication: 'true' } as object),
  });
  const wire = (client as unknown as { connection: Wire }).connection;
  let current: Intake | Listener | undefined;
  let listener: Listener | undefined;
  let broken: Error | undefined;
  client.on('error', (error) => {
    broken ??= error;
    current?.fail(explained(error));
  });
  client.on('end', () => current?.fail(explained(broken ?? new Error('the server closed the connection'))));
  wire.on('copyData', ({ chunk }) => current?.message(chunk));
  wire.on('copyDone', () => {
    // What is followed goes both ways, and the server waits for our own end; the command's end is the line's.
    if (listener === undefined) current?.finish();
    else wire.endCopyFrom();
  });
  await client.connect().catch((cause: Error & { code?: string }) => {
    refuseForRights(client.user ?? '', cause);
    throw backupError(
      'HALE_PLATFORM_BACKUP_SOURCE',
      `the database could not be reached for a backup: ${cause.message}`,
      {
        cause,
        retriable: true,
      },
    );
  });
  // Behind the driver's own listener: when this one is called, all that the socket gave was handed on.
  wire.stream.on('data', () => listener?.breath());
  return {
    query: async (text) => (await client.query<Record<string, string | null>>(quickly(text)).catch(explain)).rows,
    copy(text) {
      const intake = createIntake(wire);
      current = intake;
      listener = undefined;
      const results = client
        .query<Record<string, string | null>>(text)
        .then((result) => {
          intake.finish();
          // Several results come as a list, which the driver's types do not say.
          return [result].flat().map(({ rows }) => rows);
        })
        .catch((error: Error) => {
          intake.fail(explained(error));
          return explain(error);
        });
      // Whoever reads the stream meets the same error there.
      results.catch(() => {});
      return { results, [Symbol.asyncIterator]: () => intake.pieces() };
    },
    follow(text, reader) {
      const line = createListener(wire.stream, reader);
      current = line;
      listener = line;
      client.query(text).then(
        () => line.finish(),
        (error: Error) => line.fail(explained(error)),
      );
      return line;
    },
    send(message) {
      if (wire.stream.writable) wire.stream.write(message);
    },
    async close() {
      await client.end().catch(() => {});
    },
    cut: (why) => wire.stream.destroy(why),
  };
}

interface Intake {
  message(chunk: Buffer): void;
  finish(): void;
  fail(error: Error): void;
  pieces(): AsyncGenerator<Buffer>;
}

function createIntake(wire: Wire): Intake {
  let waiting: Buffer[] = [];
  let waitingBytes = 0;
  let done = false;
  let failure: Error | undefined;
  let wake = () => {};
  return {
    message(chunk) {
      // The driver reuses its buffer for what comes next.
      waiting.push(Buffer.from(chunk));
      waitingBytes += chunk.length;
      if (waitingBytes > waitingBytesMax) wire.stream.pause();
      wake();
    },
    finish() {
      done = true;
      wake();
    },
    fail(error) {
      if (!done) failure ??= error;
      wake();
    },
    async *pieces() {
      for (;;) {
        const taken = waiting;
        waiting = [];
        waitingBytes = 0;
        if (taken.length > 0) {
          yield* taken;
          if (waitingBytes <= waitingBytesMax) wire.stream.resume();
          continue;
        }
        if (failure !== undefined) throw failure;
        if (done) return;
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
      }
    },
  };
}

function explained(error: Error): Error {
  const { code } = error as { code?: string };
  const words = code === undefined ? error.message : `${error.message} (${code})`;
  return backupError('HALE_PLATFORM_BACKUP_SOURCE', `the server broke off: ${words}`, {
    cause: error,
    retriable: true,
    details: code === undefined ? {} : { sqlstate: code },
  });
}

function explain(error: Error): never {
  throw explained(error);
}
