// The receiver's further voices: lines that hear the same log and say what the first one says. A server counts voices and cannot weigh
// them; where the receiver's word must count more than a standby's, it says it as often (steward/receiver-name.ts). They keep nothing
// and claim nothing of their own: what they say is what the spool has flushed.
import type { LogLine } from './log-line.ts';
import { connectReplication, type ReplicationConnection } from './replication-connection.ts';
import type { Place } from './timeline-step.ts';
import { readMessage } from './wal-messages.ts';
import { formatLsn } from './wal-name.ts';
import { ensureSlot, quoted } from './wal-slot.ts';

export interface EchoLines {
  /** Hears a timeline from `place` on; `told` is asked when the server wants to know. */
  follow(place: Place, told: () => Buffer): void;
  /** When all of them have come to the timeline's end. Rejects when the first breaks. */
  ended(): Promise<void>;
  send(letter: Buffer): void;
  cut(): void;
}

/** `slots`: one a line. Throws HALE_PLATFORM_BACKUP_SOURCE. */
export async function openEchoLines(
  { url, name, silentMs }: { readonly url: string; readonly name: string; readonly silentMs: number },
  slots: readonly string[],
): Promise<EchoLines> {
  const lines: { readonly line: ReplicationConnection; readonly slot: string }[] = [];
  const cut = () => {
    for (const { line } of lines) line.cut();
  };
  let following: LogLine[] = [];
  try {
    for (const slot of slots) {
      const line = await connectReplication(url, name, { silentMs });
      lines.push({ line, slot });
      // What it kept is not needed, and one that the server has cut off would never serve again; one that is still read from stays.
      await line.query(`DROP_REPLICATION_SLOT ${quoted(slot)}`).catch(() => {});
      await ensureSlot(line, slot);
    }
  } catch (error) {
    cut();
    throw error;
  }
  return {
    cut,
    follow(place, told) {
      following = lines.map(({ line, slot }) => {
        const log = line.follow(
          `START_REPLICATION SLOT ${quoted(slot)} PHYSICAL ${formatLsn(place.at)} TIMELINE ${place.timeline}`,
          {
            take(chunk) {
              const message = readMessage(chunk);
              if (message?.kind === 'alive' && message.replyWanted) line.send(told());
              return true;
            },
            settle() {},
          },
        );
        return log;
      });
    },
    async ended() {
      await Promise.all(following.map((log) => log.ended)).catch((cause: Error) => {
        // Without the server's code: that log is gone for this line does not mean that it is gone for the one that writes it down.
        throw new Error(`one of the further lines broke: ${cause.message}`, { cause });
      });
    },
    send(letter) {
      for (const { line } of lines) line.send(letter);
    },
  };
}
