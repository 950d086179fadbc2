// A closed-loop crowd: each connection sends a GET, reads the answer, sends the next. argv: url, seconds, connections. Prints
// {"requests","seconds"}; any answer but 2xx ends it with an error.
import { Client } from 'undici';

const [url = '', secondsText, connectionsText] = process.argv.slice(2);
const { origin, pathname } = new URL(url);
const started = performance.now();
const untilMs = started + Number(secondsText) * 1000;
let requests = 0;

async function walk(): Promise<void> {
  const client = new Client(origin, { pipelining: 2, headersTimeout: 0, bodyTimeout: 0 });
  while (performance.now() < untilMs) {
    const { statusCode, body } = await client.request({ path: pathname, method: 'GET' });
    if (statusCode >= 300) throw new Error(`answered ${statusCode}`);
    await body.dump();
    requests++;
  }
  await client.close();
}

await Promise.all(Array.from({ length: Number(connectionsText) }, walk));
process.stdout.write(JSON.stringify({ requests, seconds: (performance.now() - started) / 1000 }));
