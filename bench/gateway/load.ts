// The crowd: wrk where it is installed, else a small keep-alive generator in a process of its own (it costs more CPU, which both
// sides of a ratio pay alike).
import { execFile, spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const run = promisify(execFile);
const connections = 32;

export interface Load {
  readonly name: string;
  /** Requests answered in `seconds`, all of which must have been 2xx. */
  measure(url: string, seconds: number): Promise<{ requests: number; seconds: number }>;
}

export function findLoad(): Load {
  return spawnSync('wrk', ['-v']).error === undefined ? wrk : ownGenerator;
}

const wrk: Load = {
  name: 'wrk',
  async measure(url, seconds) {
    const { stdout } = await run('wrk', ['-t1', `-c${connections}`, `-d${seconds}s`, url]);
    const match = /(\d+) requests in ([\d.]+)s/.exec(stdout);
    if (match === null || /Non-2xx|Socket errors/.test(stdout)) throw new Error(`wrk was not content:\n${stdout}`);
    return { requests: Number(match[1]), seconds: Number(match[2]) };
  },
};

const ownGenerator: Load = {
  name: 'own generator (install wrk for less noise)',
  async measure(url, seconds) {
    const file = fileURLToPath(new URL('./generator.ts', import.meta.url));
    const { stdout } = await run(process.execPath, [file, url, String(seconds), String(connections)]);
    return JSON.parse(stdout) as { requests: number; seconds: number };
  },
};
