// The receiver beside the clients and not in their thread, as it would be in a process of its own. Started by the tables of this folder. Asked for
// its status it gives how old the store's completeness is. It may stop and start again, and has its compiled code still.
import { parentPort, workerData } from 'node:worker_threads';
import { createSystemClock } from '@hale/base';
import { openStore, openVault, startWalReceiver } from '@hale/platform/postgres';

const { url, store, env, spool } = workerData as {
  url: string;
  store: string;
  env?: Record<string, string>;
  spool: string;
};
const vault = openVault(await openStore(store, { folder: '/', env: { ...process.env, ...env } }));
const start = () => startWalReceiver({ url, vault, spool, slot: 'hale', name: 'hale_wal', clock: createSystemClock() });
let receiver = start();
parentPort?.on('message', async (asked: 'start' | 'stop' | 'status') => {
  if (asked === 'start') receiver = start();
  if (asked === 'stop') await receiver.stop();
  parentPort?.postMessage(asked === 'stop' ? 'stopped' : receiver.status());
});
