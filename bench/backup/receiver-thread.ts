// The receiver beside the clients and not in their thread, as it would be in a process of its own. Started by backup.ts.
import { parentPort, workerData } from 'node:worker_threads';
import { createSystemClock } from '@hale/base';
import { createFileStore, openVault, startWalReceiver } from '@hale/platform/postgres';

const { url, folder, spool } = workerData as { url: string; folder: string; spool: string };
const vault = openVault(createFileStore(folder));
const receiver = startWalReceiver({ url, vault, spool, slot: 'hale', name: 'hale_wal', clock: createSystemClock() });
parentPort?.once('message', async () => {
  await receiver.stop();
  parentPort?.postMessage('stopped');
});
