// The speaking tube to a running HAProxy: one connection a question, which the program closes when it has answered. Answers come from a
// program of another make, so their size and time are bounded and nothing in them is believed before stat-table.ts has read it.
import { connect } from 'node:net';
import { platformError } from '../../errors.ts';

export interface Question {
  readonly socket: string;
  /** Without a line end; several are put together with `;`. */
  readonly command: string;
  /** What follows `<<` (a certificate). Must hold no empty line: that ends it. */
  readonly payload?: string;
  readonly timeoutMs?: number;
  readonly bytesMax?: number;
}

const askTimeoutMs = 3000;
const answerBytesMax = 4 * 1024 * 1024;
/** The program reads a line of commands into one buffer of 16 kB. */
const lineBytesMax = 8 * 1024;

/**
 * The answer to one question. Throws HALE_PLATFORM_PROXY_FAILED where nobody answers in time, too much comes or
 * the program says that it will not.
 */
export async function askHaproxy(question: Question): Promise<string> {
  const { command, payload } = question;
  const tail = payload === undefined ? '\n' : ` <<\n${withoutEmptyLines(payload)}\n\n`;
  const answer = await exchange(question, `set severity-output number; ${command}${tail}`);
  // Severities are those of syslog: up to 3 is an error, 6 is information.
  const refusal = /^\[([0-3])\]:(.*)$/m.exec(answer);
  if (refusal === null) return answer;
  throw platformError(
    'HALE_PLATFORM_PROXY_FAILED',
    `HAProxy refused '${command.slice(0, 200)}': ${refusal[2]!.trim()}`,
  );
}

/** Many orders, as few connections as the program's line buffer allows. They are carried out in this order; the first refused one throws. */
export async function orderHaproxy(socket: string, orders: readonly string[]): Promise<void> {
  let line = '';
  for (const order of orders) {
    if (line !== '' && line.length + order.length > lineBytesMax) {
      await askHaproxy({ socket, command: line });
      line = '';
    }
    line = line === '' ? order : `${line}; ${order}`;
  }
  if (line !== '') await askHaproxy({ socket, command: line });
}

function withoutEmptyLines(text: string): string {
  return text
    .split('\n')
    .filter((line) => line.trim() !== '')
    .join('\n');
}

function exchange(question: Question, text: string): Promise<string> {
  const { socket: path, timeoutMs = askTimeoutMs, bytesMax = answerBytesMax } = question;
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let bytes = 0;
    const socket = connect(path, () => socket.write(text));
    const fail = (why: string) => {
      socket.destroy();
      reject(platformError('HALE_PLATFORM_PROXY_FAILED', `HAProxy's runtime socket ${path} ${why}`));
    };
    socket.setTimeout(timeoutMs, () => fail(`did not answer within ${timeoutMs} ms`));
    socket.on('error', (error: NodeJS.ErrnoException) => fail(`cannot be used: ${error.code ?? error.message}`));
    socket.on('data', (chunk: Buffer) => {
      chunks.push(chunk);
      bytes += chunk.length;
      if (bytes > bytesMax) fail(`answered more than ${bytesMax} bytes`);
    });
    socket.on('end', () => {
      // The shortest answer is an empty line.
      if (bytes === 0) return fail('hung up without an answer');
      socket.destroy();
      resolve(Buffer.concat(chunks).toString('utf8'));
    });
  });
}
