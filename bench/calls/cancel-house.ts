// One house of the chain of cancel.ts: it asks the next one and waits; the last one says when it was reached, and when its caller has gone.
import { createService, currentCall } from '@hale/sdk';

const service = createService('house');
const hasNext = process.env['HALE_URL_NEXT'] !== undefined;

await service.listen(async (_req, res) => {
  if (hasNext) {
    await service.client('next').fetch('/', { timeoutMs: 60_000, tryTimeoutMs: 60_000 });
    res.end();
    return;
  }
  const signal = currentCall()!.signal;
  signal.addEventListener('abort', () => say(`${Number(process.hrtime.bigint()) / 1e6}`));
  say('reached');
});
say('listening');

function say(line: string): void {
  process.stdout.write(`${line}\n`);
}
