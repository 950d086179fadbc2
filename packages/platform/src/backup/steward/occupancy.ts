// The sign "occupied" on one database's backups on this machine: the process that takes them and somebody who types `hale backup now` must
// not both be at it. The sign is an abstract socket: the kernel takes it down the moment its holder dies, and whoever knocks is told
// the holder's pid. Elsewhere than on Linux there is no such sign, and only those in the store are looked at (marks.ts).
import { createHash } from 'node:crypto';
import net from 'node:net';
import { backupError } from '../errors.ts';

/** 'work': a backup, a proof or a clean-up. 'log': the receiver and its spool. */
export type Errand = 'work' | 'log';

export interface Place {
  /** The folder of the declaration. */
  readonly root: string;
  readonly database: string;
  readonly errand: Errand;
}

const words: Readonly<Record<Errand, string>> = {
  work: 'is taking, proving or cleaning up backups',
  log: 'follows the log',
};

/** Gives what takes the sign down. Throws HALE_PLATFORM_BACKUP_BUSY, with the pid of who has it. */
export async function occupy(place: Place): Promise<() => void> {
  const { root, database, errand } = place;
  if (process.platform !== 'linux') return () => {};
  const name = `\0hale-backup-${errand}-${createHash('sha256').update(`${root}\n${database}`).digest('hex').slice(0, 32)}`;
  const sign = net.createServer((socket) => {
    socket.on('error', () => {});
    socket.end(String(process.pid));
  });
  const isOurs = await new Promise<boolean>((resolve) => {
    sign.once('error', () => resolve(false));
    sign.listen(name, () => resolve(true));
  });
  if (!isOurs) {
    const holder = await ask(name);
    throw backupError('HALE_PLATFORM_BACKUP_BUSY', `process ${holder} ${words[errand]} of ${database}`, {
      retriable: true,
    });
  }
  sign.unref();
  return () => void sign.close();
}

/** Does `work` under the sign. Throws HALE_PLATFORM_BACKUP_BUSY. */
export async function whileOccupied<T>(place: Place, work: () => Promise<T>): Promise<T> {
  const leave = await occupy(place);
  try {
    return await work();
  } finally {
    leave();
  }
}

function ask(name: string): Promise<string> {
  return new Promise((resolve) => {
    let said = '';
    const socket = net.connect(name);
    socket.setEncoding('utf8');
    socket.setTimeout(1_000, () => socket.destroy());
    socket.on('data', (piece: string) => {
      said += piece;
    });
    socket.on('error', () => {});
    socket.once('close', () => resolve(said === '' ? '(unknown)' : said));
  });
}
