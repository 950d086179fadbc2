// The thread behind the counter: keeps HTTP, its streams and its parsing away from the loop that heals. It is told the picture
// and asks for deeds by messages; it reads the journal itself. When it fails, control hands over and is started afresh.
import { flushCompileCache } from 'node:module';
import { parentPort, workerData } from 'node:worker_threads';
import { createSystemClock } from '@hale/base';
import { controlErrors } from '../errors.ts';
import { type FeedReader, openFeedReader } from '../journal/feed-reader.ts';
import { createSecretMask } from '../secret-mask.ts';
import type { ApiOutcome, ApiRequest, ApiWorkerData, FromWorker, Objectives, ToWorker } from './messages.ts';
import { createApiServer } from './server.ts';
import { createStreams } from './streams.ts';
import { createTrafficSum, withPromises } from './traffic-sum.ts';

const data = workerData as ApiWorkerData;
const port = parentPort;
if (port === null) throw new Error('assertion failed: the API worker is a thread of control');

const clock = createSystemClock();
const mask = createSecretMask();
let objectives: Objectives = {};
const sum = createTrafficSum(data.runtimeDir, clock);
const traffic = () => withPromises(sum(), objectives);
let view: string | undefined;
let reader: FeedReader | undefined;
const feed = () => {
  reader ??= openFeedReader(data.journalFile);
  return reader;
};
const streams = createStreams({ clock, feed, traffic });

const answerMsMax = 8_000;
const askedMax = 200;
const asked = new Map<number, (outcome: ApiOutcome) => void>();
let lastTicket = 0;

const send = (message: FromWorker) => port.postMessage(message);
const refusal = (code: 'HALE_CONTROL_NOT_READY' | 'HALE_CONTROL_INBOX_FULL', message: string): ApiOutcome => ({
  ok: false,
  fault: { code, message, hint: controlErrors[code] },
});

function ask(request: ApiRequest): Promise<ApiOutcome> {
  if (asked.size >= askedMax) return Promise.resolve(refusal('HALE_CONTROL_INBOX_FULL', 'too many requests wait'));
  const ticket = ++lastTicket;
  return new Promise((resolve) => {
    const finish = (outcome: ApiOutcome) => {
      asked.delete(ticket);
      timer.cancel();
      resolve(outcome);
    };
    const timer = clock.after(answerMsMax, () =>
      finish(refusal('HALE_CONTROL_NOT_READY', `control did not answer within ${answerMsMax / 1000} s`)),
    );
    asked.set(ticket, finish);
    send({ kind: 'request', ticket, request });
  });
}

const server = createApiServer({
  token: data.token,
  view: () => view,
  feed,
  traffic,
  streams,
  logFolder: data.logFolder,
  mask,
  assetFolder: data.assetFolder,
  ask,
});

port.on('message', (message: ToWorker) => {
  switch (message.kind) {
    case 'view':
      view = message.view;
      streams.view(message.view, message.toldSeq);
      return;
    case 'secrets':
      mask.learn(message.values);
      return;
    case 'objectives':
      objectives = message.objectives;
      return;
    case 'outcome':
      asked.get(message.ticket)?.(message.outcome);
      return;
    case 'close':
      streams.close();
      void server.close().then(() => {
        reader?.close();
        port.close();
      });
  }
});

const where = 'fd' in data.listen ? { fd: data.listen.fd } : { host: '127.0.0.1', port: data.listen.port };
server.listen(where as { port: number }).then(
  () => {
    const address = server.server.address();
    flushCompileCache();
    send({ kind: 'listening', port: typeof address === 'object' && address !== null ? address.port : 0 });
  },
  (error: Error) => send({ kind: 'fault', message: error.message }),
);
