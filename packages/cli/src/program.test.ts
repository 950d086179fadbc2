// What is typed, and what comes back: exit codes and the words on stderr, with commands that only note what they were given.
import assert from 'node:assert/strict';
import { PassThrough } from 'node:stream';
import { describe, it } from 'node:test';
import { createVirtualClock } from '@hale/base/testing';
import type { Call, CommandEntry } from './commands/entry.ts';
import { wholeNumber } from './commands/whole-number.ts';
import { cliError } from './errors.ts';
import type { Host } from './host.ts';
import { runProgram } from './program.ts';
import { createTerminal } from './terminal/terminal.ts';

function createTestHost() {
  const stdout = new PassThrough();
  const stderr = new PassThrough();
  const host: Host = {
    terminal: createTerminal({ stdout, stderr, env: {} }),
    clock: createVirtualClock(),
    env: {},
    cwd: '/srv',
    onInterrupt: () => () => {},
  };
  const read = (stream: PassThrough) => String(stream.read() ?? '');
  return { host, out: () => read(stdout), err: () => read(stderr) };
}

async function run(argv: readonly string[]) {
  const calls: Call[] = [];
  const note = (call: Call) => {
    calls.push(call);
    return Promise.resolve(0);
  };
  const entries: CommandEntry[] = [
    { usage: 'ps', summary: 'look', group: 'Look', shape: (c) => c.option('-w, --watch', 'go on'), run: note },
    {
      usage: 'scale <service> <replicas>',
      summary: 'scale',
      group: 'Act',
      run: async (call) => (wholeNumber(1)(call.args[1] ?? '') > 0 ? note(call) : 1),
    },
    {
      usage: 'gone',
      summary: 'not running',
      group: 'Act',
      run: () => Promise.reject(cliError('HALE_CLI_NOT_RUNNING', 'nothing runs')),
    },
    { usage: 'torn', summary: 'a fault of ours', group: 'Act', run: () => Promise.reject(new TypeError('oops')) },
  ];
  const { host, out, err } = createTestHost();
  const code = await runProgram(host, argv, entries);
  return { code, calls, out: out(), err: err() };
}

describe('the front door', () => {
  const codes: [argv: string, code: number, says: RegExp][] = [
    ['ps', 0, /^$/],
    ['', 0, /Every day|Look:/],
    ['--help', 0, /Exit codes/],
    ['help ps', 0, /--watch/],
    ['pz', 2, /Did you mean ps\?/],
    ['ps --wach', 2, /Did you mean --watch\?/],
    ['scale orders', 2, /missing required argument 'replicas'/],
    ['scale orders many', 2, /'many' is not a whole number/],
    ['scale orders 0', 2, /at least 1/],
    ['ps orders', 2, /too many arguments/],
    ['gone', 3, /nothing runs[\s\S]*hale up/],
    ['torn', 1, /oops[\s\S]*report/],
  ];
  for (const [argv, expected, says] of codes) {
    it(`hale ${argv} -> ${expected}`, async () => {
      const { code, out, err } = await run(argv === '' ? [] : argv.split(' '));
      assert.equal(code, expected);
      assert.match(out + err, says);
    });
  }

  it('errors are one line of JSON where a machine reads', async () => {
    const { code, out } = await run(['gone', '--json']);
    assert.equal(code, 3);
    assert.equal((JSON.parse(out) as { error: { code: string } }).error.code, 'HALE_CLI_NOT_RUNNING');
  });

  for (const argv of [
    ['-C', 'shop', 'ps'],
    ['ps', '-C', 'shop'],
    ['ps', '--cwd=/srv/shop'],
  ]) {
    it(`hale ${argv.join(' ')} works in that folder`, async () => {
      assert.equal((await run(argv)).calls[0]?.folder, '/srv/shop');
    });
  }
});
