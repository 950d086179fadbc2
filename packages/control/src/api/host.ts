// Control's end of the line to its counter: starts the thread, shows it the picture (at most four times a second, and only when
// it changed), and lets it ask. The picture is made for it only when it is due, because making it costs.
import { Worker } from 'node:worker_threads';
import type { Clock, Timer } from '@hale/base';
import { isHaleError } from '@hale/base';
import type { SystemView } from '@hale/model';
import { controlError, controlErrors } from '../errors.ts';
import type { ApiFault, ApiOutcome, ApiRequest, ApiWorkerData, FromWorker, Objectives, ToWorker } from './messages.ts';

export interface ApiHostOptions {
  readonly clock: Clock;
  readonly worker: ApiWorkerData;
  readonly currentView: () => SystemView;
  /** Does what was asked; gives the id under which the story tells what became of it. */
  readonly onRequest: (request: ApiRequest) => Promise<string>;
  /** The thread has ended by itself. */
  readonly onStopped: (error: unknown) => void;
}

export interface ApiHost {
  readonly port: number;
  /** Something may have changed; `toldSeq` is the place of the newest entry when a line was told. */
  changed(toldSeq: number | undefined): void;
  /** What must never be shown (INV-12). */
  secrets(values: readonly string[]): void;
  /** What was promised, to be weighed against the traffic. */
  objectives(objectives: Objectives): void;
  close(): Promise<void>;
}

const viewEveryMs = 250;
const closeMsMax = 1_000;
/** Young objects of a small server die young; without this a thread reserves for much more. */
const resourceLimits = { maxYoungGenerationSizeMb: 2, maxOldGenerationSizeMb: 128 };

/** Resolves once it listens. Throws HALE_CONTROL_API_LISTEN. */
export async function startApi(options: ApiHostOptions): Promise<ApiHost> {
  const { clock } = options;
  const here = import.meta.url;
  const file = new URL(here.endsWith('.ts') ? './worker.ts' : './worker.js', here);
  const worker = new Worker(file, { workerData: options.worker, resourceLimits });
  const send = (message: ToWorker) => worker.postMessage(message);
  let closing = false;
  const port = await listening(worker);
  worker.on('error', (error) => options.onStopped(error));
  worker.on('exit', () => {
    if (!closing) options.onStopped(controlError('HALE_CONTROL_API_STOPPED', 'the thread of the API has ended'));
  });
  worker.on('message', (message: FromWorker) => {
    if (message.kind !== 'request') return;
    void answer(message.request, options.onRequest).then((outcome) =>
      send({ kind: 'outcome', ticket: message.ticket, outcome }),
    );
  });
  const showing = createShowing(clock, options.currentView, send);
  return {
    port,
    changed: showing.changed,
    secrets: (values) => send({ kind: 'secrets', values }),
    objectives: (objectives) => send({ kind: 'objectives', objectives }),
    async close() {
      closing = true;
      showing.stop();
      const gone = new Promise<void>((resolve) => worker.once('exit', () => resolve()));
      send({ kind: 'close' });
      const late = clock.after(closeMsMax, () => void worker.terminate());
      await gone;
      late.cancel();
    },
  };
}

function createShowing(clock: Clock, currentView: () => SystemView, send: (message: ToWorker) => void) {
  let told = 0;
  let shown = '';
  let shownTold = -1;
  let timer: Timer | undefined;
  let lastAt = Number.NEGATIVE_INFINITY;
  const show = () => {
    timer = undefined;
    lastAt = clock.mono();
    const view = currentView();
    // `at` moves with every event; alone it is no news.
    const essence = JSON.stringify({ ...view, at: undefined });
    if (essence === shown && told === shownTold) return;
    shown = essence;
    shownTold = told;
    send({ kind: 'view', view: JSON.stringify(view), toldSeq: told });
  };
  return {
    changed(toldSeq: number | undefined) {
      told = toldSeq ?? told;
      timer ??= clock.after(Math.max(0, lastAt + viewEveryMs - clock.mono()), show, true);
    },
    stop: () => timer?.cancel(),
  };
}

function listening(worker: Worker): Promise<number> {
  return new Promise((resolve, reject) => {
    const fail = (message: string, cause?: unknown) =>
      reject(controlError('HALE_CONTROL_API_LISTEN', `the API cannot listen: ${message}`, { cause }));
    worker.once('error', (error) => fail((error as Error).message, error));
    worker.once('message', (message: FromWorker) => {
      worker.removeAllListeners('error');
      if (message.kind === 'listening') resolve(message.port);
      else fail(message.kind === 'fault' ? message.message : 'an unexpected word');
    });
  });
}

async function answer(request: ApiRequest, onRequest: ApiHostOptions['onRequest']): Promise<ApiOutcome> {
  try {
    return { ok: true, id: await onRequest(request) };
  } catch (error) {
    return { ok: false, fault: faultOf(error) };
  }
}

function faultOf(error: unknown): ApiFault {
  if (isHaleError(error)) return { code: error.code, message: error.message, hint: error.hint };
  const message = error instanceof Error ? error.message : String(error);
  return { code: 'HALE_CONTROL_INTERNAL', message, hint: controlErrors.HALE_CONTROL_INTERNAL };
}
