// One keeper a folder. The lock is an abstract socket named after the folder: two that come at once cannot both have it, and the kernel
// takes it back the moment its holder dies. Elsewhere than on Linux an answering keeper is the only sign.
import { createHash } from 'node:crypto';
import net from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';

/** A holder that was just killed gives it back within this time. */
const waitMsMax = 2000;

/** True when the folder is ours; false when a keeper answers on `socketPath` or keeps the lock. */
export async function takeFolder(folder: string, socketPath: string): Promise<boolean> {
  for (const deadline = Date.now() + waitMsMax; Date.now() < deadline; await sleep(20)) {
    if (await isAnswered(socketPath)) return false;
    if (await takeLock(folder)) return true;
  }
  return false;
}

function takeLock(folder: string): Promise<boolean> {
  if (process.platform !== 'linux') return Promise.resolve(true);
  const name = createHash('sha256').update(folder).digest('hex').slice(0, 32);
  return new Promise((resolve) => {
    const lock = net.createServer((socket) => socket.destroy());
    lock.once('error', () => resolve(false));
    lock.listen(`\0hale-keeper-${name}`, () => {
      lock.unref();
      resolve(true);
    });
  });
}

function isAnswered(socketPath: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = net.connect(socketPath);
    socket.once('connect', () => {
      socket.destroy();
      resolve(true);
    });
    socket.once('error', () => resolve(false));
  });
}
