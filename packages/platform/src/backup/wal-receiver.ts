// The shorthand clerk: receives the log while the database writes it, puts it into the spool, flushes, and tells the server so. Named
// in synchronous_standby_names it makes a commit wait until the log is safe outside of the database's own disk (RPO 0 to the spool).
// It follows the server over promotions. What it has told to have, it has: past the spool's bound it stops telling, and says why.
//
//   connecting ──> streaming ──(spool full)──> full ──(store took some)──> streaming
//        ^             │ line broken, server gone
//        └─────────────┘
import type { Clock, Timer } from '@hale/base';
import { isHaleError } from '@hale/base';
import pg from 'pg';
import { createEar } from './ear.ts';
import { type EchoLines, openEchoLines } from './echo-lines.ts';
import { connectReplication, type ReplicationConnection } from './replication-connection.ts';
import { askSource, type SourceFacts } from './source.ts';
import { openSpool, type Spool } from './spool.ts';
import { receiverSlots } from './steward/receiver-name.ts';
import { nextPlace, type Place } from './timeline-step.ts';
import type { Vault } from './vault.ts';
import { readMessage, statusMessage } from './wal-messages.ts';
import { formatLsn, type Lsn, parseLsn, segmentNumber, segmentStart } from './wal-name.ts';
import { ensureSlot, quoted, slotPlace } from './wal-slot.ts';
import { type Claim, createUploader, reaches, type Uploader } from './wal-uploader.ts';

export interface ReceiverOrder {
  readonly url: string;
  readonly vault: Vault;
  readonly spool: string;
  /** Of the slot that keeps the log at the server while nobody receives it. */
  readonly slot: string;
  /** What synchronous_standby_names calls it. */
  readonly name: string;
  /** How often its word is to be counted; more than once where commits of a cluster wait for it (steward/receiver-name.ts). */
  readonly voices?: number;
  readonly clock: Clock;
  /** How far the spool may grow while the store takes nothing. */
  readonly spoolBytesMax?: number;
  readonly uploadEveryMs?: number;
  /** A server that was asked every second and said nothing for so long is gone, and dialed anew; and it lets go of us as soon. Default 15,000. */
  readonly silentMs?: number;
  readonly onChange?: (status: ReceiverStatus) => void;
}

export interface ReceiverStatus {
  readonly state: 'connecting' | 'streaming' | 'full' | 'stopped';
  readonly timeline: number;
  /** Flushed to the spool, and told to the server. */
  readonly flushed: Lsn;
  /** Not in the store yet. */
  readonly lagBytes: number;
  /** Until when (Unix ms, the database's clock) the store is complete; 0: unknown. */
  readonly completeUntil: number;
  /** On which timeline; 0: unknown. */
  readonly completeOn: number;
  /** The database said in the last round how far it is. */
  readonly answering: boolean;
  /** How often the server had thrown away log that was not received: only a new backup closes such a hole. */
  readonly holes: number;
  readonly spoolBytes: number;
  /** What is wrong with the server, or with the store; '' when nothing is. */
  readonly serverTrouble: string;
  readonly storeTrouble: string;
}

export interface WalReceiver {
  status(): ReceiverStatus;
  /** Ends the stream, flushes, tries one last round to the store. */
  stop(): Promise<void>;
}

const defaultSpoolBytesMax = 1024 * 1024 * 1024;
const statusEveryMs = 1_000;
const retryAfterMs = 250;
const silentOf = ({ silentMs = 15_000 }: ReceiverOrder) => silentMs;

/** Runs until it is stopped. Never throws: what is wrong stands in its status, and it goes on trying. */
export function startWalReceiver(order: ReceiverOrder): WalReceiver {
  const { uploadEveryMs = 1_000, onChange = () => {} } = order;
  let status: ReceiverStatus = {
    ...{
      state: 'connecting',
      timeline: 0,
      flushed: 0n,
      lagBytes: 0,
      completeUntil: 0,
      completeOn: 0,
      answering: false,
      holes: 0,
      spoolBytes: 0,
      serverTrouble: '',
      storeTrouble: '',
    },
  };
  const change = (part: Partial<ReceiverStatus>) => {
    const before = status;
    status = { ...status, ...part };
    const isSaid = (['state', 'serverTrouble', 'storeTrouble'] as const).some((word) => before[word] !== status[word]);
    if (isSaid) onChange(status);
  };
  const desk: Desk = {
    order,
    change,
    status: () => status,
    stopping: false,
    lost: false,
    spool: undefined,
    uploader: undefined,
    line: undefined,
    echoes: undefined,
    wakers: new Set(),
  };
  const streaming = keepStreaming(desk);
  const uploading = keepUploading(desk, uploadEveryMs, streaming);
  return {
    status: () => status,
    async stop() {
      desk.stopping = true;
      desk.line?.cut();
      for (const wake of [...desk.wakers]) wake();
      await streaming;
      await uploading;
      desk.spool?.close();
      change({ state: 'stopped' });
    },
  };
}

/** What the two loops share. */
interface Desk {
  readonly order: ReceiverOrder;
  readonly change: (part: Partial<ReceiverStatus>) => void;
  readonly status: () => ReceiverStatus;
  stopping: boolean;
  /** The server has thrown away log that we do not have: there is a hole, and we go on behind it. */
  lost: boolean;
  spool: Spool | undefined;
  uploader: Uploader | undefined;
  line: ReplicationConnection | undefined;
  /** Its further voices. */
  echoes: EchoLines | undefined;
  readonly wakers: Set<() => void>;
}

/** Waits, but not when it is being stopped. */
function pause(desk: Desk, ms: number): Promise<void> {
  if (desk.stopping) return Promise.resolve();
  return new Promise((resolve) => {
    let timer: Timer | undefined;
    const done = () => {
      timer?.cancel();
      desk.wakers.delete(done);
      resolve();
    };
    timer = desk.order.clock.after(ms, done);
    desk.wakers.add(done);
  });
}

async function keepStreaming(desk: Desk): Promise<void> {
  const { order, change } = desk;
  while (!desk.stopping) {
    try {
      const line = await connectReplication(order.url, order.name, { silentMs: silentOf(order) });
      desk.line = line;
      try {
        const [, ...more] = receiverSlots(order.slot, order.voices ?? 1);
        desk.echoes = await openEchoLines({ ...order, silentMs: silentOf(order) }, more);
        const facts = await askSource(line);
        desk.spool ??= openSpool(order.spool, facts, { bytesMax: order.spoolBytesMax ?? defaultSpoolBytesMax });
        desk.uploader ??= createUploader(order.vault, desk.spool);
        await desk.spool.prepare();
        await stream(desk, line, facts, desk.spool);
      } finally {
        desk.line = undefined;
        line.cut();
        desk.echoes?.cut();
        desk.echoes = undefined;
      }
    } catch (error) {
      if (isLost(error)) desk.lost = true;
      if (!desk.stopping) change({ state: 'connecting', serverTrouble: wordsOf(error) });
    }
    await pause(desk, retryAfterMs);
  }
}

/** Streams timeline after timeline until the line breaks. */
async function stream(desk: Desk, line: ReplicationConnection, facts: SourceFacts, spool: Spool): Promise<void> {
  let place = await firstPlace(desk, line, facts, spool);
  const history = await historyOf(line, facts.timeline, spool);
  while (!desk.stopping) {
    const step = nextPlace(place, facts.timeline, history, facts.segmentBytes);
    await streamTimeline(desk, line, step, spool);
    place = spool.newest() ?? step;
    // The server's own timeline has no end but that of the line; and whoever does not get on asks anew.
    if (step.timeline === facts.timeline || (place.timeline === step.timeline && place.at <= step.at)) return;
  }
}

/** Where the spool ends; where the slot keeps the log from; or where the server is. */
async function firstPlace(desk: Desk, line: ReplicationConnection, facts: SourceFacts, spool: Spool): Promise<Place> {
  const { slot } = desk.order;
  const here = { timeline: facts.timeline, at: floorTo(facts.position, facts.segmentBytes) };
  if (desk.lost) {
    await line.query(`DROP_REPLICATION_SLOT ${quoted(slot)}`).catch(() => {});
    await ensureSlot(line, slot);
    desk.lost = false;
    desk.change({ holes: desk.status().holes + 1 });
    return here;
  }
  await ensureSlot(line, slot);
  const kept = spool.newest();
  if (kept !== undefined) return kept;
  const reserved = await slotPlace(line, slot);
  // A fresh segment is received from its start, so that it can be stored whole.
  return reserved === undefined ? here : { ...reserved, at: floorTo(reserved.at, facts.segmentBytes) };
}

async function streamTimeline(desk: Desk, line: ReplicationConnection, place: Place, spool: Spool): Promise<void> {
  const { order, change } = desk;
  let written = place.at;
  let flushed = place.at;
  const told = () => statusMessage(flushed, order.clock.wall());
  const send = (letter: Buffer) => {
    if (desk.stopping) return;
    line.send(letter);
    desk.echoes?.send(letter);
  };
  const tell = () => send(told());
  const ear = createEar({
    ...{ clock: order.clock, silentMs: silentOf(order), everyMs: statusEveryMs },
    isListening: () => desk.status().state !== 'full',
    onSilence: (why) => line.cut(why),
  });
  const log = line.follow(
    `START_REPLICATION SLOT ${quoted(order.slot)} PHYSICAL ${formatLsn(place.at)} TIMELINE ${place.timeline}`,
    {
      take(chunk) {
        ear.heard();
        const message = readMessage(chunk);
        if (message?.kind === 'alive' && message.replyWanted) tell();
        if (message?.kind !== 'data' || desk.stopping) return true;
        if (!hasRoom(desk, spool, message.bytes.length)) return false;
        spool.write(place.timeline, message.start, message.bytes);
        written = message.start + BigInt(message.bytes.length);
        return true;
      },
      // What came together is flushed together: many commits, one flush. And it is told at once, because they wait for it.
      settle() {
        if (written === flushed) return;
        // Everything that can be done before the flush is: after it somebody waits.
        const letter = statusMessage(written, order.clock.wall());
        spool.flush();
        send(letter);
        flushed = written;
        change({ timeline: place.timeline, flushed });
      },
    },
  );
  desk.echoes?.follow(place, told);
  const timers = [
    order.clock.every(statusEveryMs, () => {
      send(statusMessage(flushed, order.clock.wall(), true));
      ear.asked();
    }),
    order.clock.every(retryAfterMs, () => {
      if (desk.status().state === 'full') log.goOn();
    }),
  ];
  try {
    change({ state: 'streaming', timeline: place.timeline, flushed, serverTrouble: '' });
    await Promise.all([log.ended, desk.echoes?.ended()]);
  } finally {
    for (const timer of timers) timer.cancel();
  }
}

/** While the spool is full, what was told stays true, and no more is told. */
function hasRoom(desk: Desk, spool: Spool, bytes: number): boolean {
  const fits = spool.fits(bytes);
  const state = fits ? 'streaming' : 'full';
  if (desk.status().state !== state) desk.change({ state });
  return fits;
}

async function keepUploading(desk: Desk, everyMs: number, streaming: Promise<void>): Promise<void> {
  const { order, change } = desk;
  const asker = createAsker(order.url);
  let last = false;
  while (!last) {
    last = desk.stopping;
    // The last round takes along what the stream flushed last.
    if (last) await streaming;
    const claim = last ? undefined : await asker.ask();
    if (claim !== undefined) await caughtUp(desk, claim, everyMs);
    try {
      await desk.uploader?.round(claim);
      const fits = claim !== undefined && reaches(desk.status(), claim);
      change({ storeTrouble: '', ...(fits ? { completeUntil: claim.at, completeOn: claim.timeline } : {}) });
    } catch (error) {
      change({ storeTrouble: wordsOf(error) });
    }
    if (!last) await desk.spool?.prepare();
    const spoolBytes = desk.spool?.bytes() ?? 0;
    change({
      lagBytes: desk.uploader?.lagBytes() ?? 0,
      spoolBytes,
      ...(last ? {} : { answering: claim !== undefined }),
    });
    await pause(desk, everyMs);
  }
  await asker.close();
}

/** What the server had flushed when it was asked is usually here a moment later. */
async function caughtUp(desk: Desk, claim: Claim, withinMs: number): Promise<void> {
  const until = desk.order.clock.mono() + withinMs;
  while (!desk.stopping && !reaches(desk.status(), claim) && desk.order.clock.mono() < until) await pause(desk, 20);
}

/** Asks the database how far it is and how late; undefined while it does not answer. */
function createAsker(url: string): { ask(): Promise<Claim | undefined>; close(): Promise<void> } {
  let client: pg.Client | undefined;
  const drop = async () => {
    const gone = client;
    client = undefined;
    await gone?.end().catch(() => {});
  };
  return {
    async ask() {
      try {
        if (client === undefined) {
          client = new pg.Client({
            connectionString: url,
            application_name: 'hale backup',
            connectionTimeoutMillis: 2_000,
            query_timeout: 2_000,
          });
          client.on('error', () => {});
          await client.connect();
        }
        const { rows } = await client.query<{ at: string; lsn: string; timeline: number }>(
          `select floor(extract(epoch from clock_timestamp()) * 1000) as at, pg_current_wal_flush_lsn()::text as lsn,
            ('x' || substr(pg_walfile_name(pg_current_wal_lsn()), 1, 8))::bit(32)::int as timeline`,
        );
        const [row] = rows;
        return row && { at: Number(row.at), flushed: parseLsn(row.lsn), timeline: row.timeline };
      } catch {
        await drop();
        return undefined;
      }
    },
    close: drop,
  };
}

/** The server's own history, which goes into the spool before anything of its timeline does. */
async function historyOf(line: ReplicationConnection, timeline: number, spool: Spool): Promise<string> {
  if (timeline === 1) return '';
  const [row] = await line.query(`TIMELINE_HISTORY ${timeline}`);
  const content: unknown = row?.['content'];
  const text = Buffer.isBuffer(content) ? content : Buffer.from(String(content ?? ''));
  spool.writeHistory(timeline, text);
  return text.toString();
}

/** 58P01: the segment is removed already; 55000: the slot was cut off because it kept too much. A new backup closes the hole. */
function isLost(error: unknown): boolean {
  if (!isHaleError(error)) return false;
  const { sqlstate } = error.details;
  return sqlstate === '58P01' || (sqlstate === '55000' && /invalidated|no longer/.test(error.message));
}

function floorTo(at: Lsn, segmentBytes: number): Lsn {
  return segmentStart(segmentNumber(at, segmentBytes), segmentBytes);
}

function wordsOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
