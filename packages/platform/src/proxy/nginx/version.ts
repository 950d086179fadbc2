// Asks an NGINX who it is: its version, and what it was built with. One that is not there, or too old, is an error whose hint is what to install.
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import type { NginxDialect } from '@hale/render';
import { platformError } from '../../errors.ts';

const run = promisify(execFile);
const askMsMax = 5000;
/** 1.18 is what the oldest supported Debian and Ubuntu carry. */
const oldest: Version = [1, 18, 0];

export type Version = readonly [number, number, number];

export interface NginxBuild {
  readonly version: Version;
  readonly dialect: NginxDialect;
  /** `-e stderr` is understood (1.19.5), so that nothing is written to /var/log. */
  readonly namesErrorLog: boolean;
}

/** Throws HALE_PLATFORM_PROXY_MISSING or HALE_PLATFORM_PROXY_TOO_OLD. */
export async function askNginx(bin: string, env: Readonly<Record<string, string>>): Promise<NginxBuild> {
  const words = await run(bin, ['-V'], { timeout: askMsMax, env }).then(
    ({ stdout, stderr }) => `${stdout}${stderr}`,
    (error: NodeJS.ErrnoException & { stderr?: string }) => {
      const reason = error.code === 'ENOENT' ? `there is no program '${bin}'` : `'${bin} -V' fails: ${error.message}`;
      throw platformError('HALE_PLATFORM_PROXY_MISSING', reason, { cause: error });
    },
  );
  return readBuild(words, bin);
}

/** Reads what `nginx -V` prints. */
export function readBuild(words: string, bin: string): NginxBuild {
  const [, major, minor, patch] = /nginx\/(\d+)\.(\d+)\.(\d+)/.exec(words) ?? [];
  if (major === undefined)
    throw platformError('HALE_PLATFORM_PROXY_MISSING', `'${bin}' does not say that it is an NGINX`);
  const version: Version = [Number(major), Number(minor), Number(patch)];
  if (isBefore(version, oldest))
    throw platformError('HALE_PLATFORM_PROXY_TOO_OLD', `'${bin}' is NGINX ${version.join('.')}, and 1.18 is needed`);
  const modules = ['proxy', 'fastcgi', 'uwsgi', 'scgi'].filter(
    (name) => !words.includes(`--without-http_${name}_module`),
  );
  return {
    version,
    dialect: { http2Directive: !isBefore(version, [1, 25, 1]), tempPaths: ['client_body', ...modules] },
    namesErrorLog: !isBefore(version, [1, 19, 5]),
  };
}

function isBefore(a: Version, b: Version): boolean {
  for (let i = 0; i < 3; i++) if (a[i] !== b[i]) return (a[i] ?? 0) < (b[i] ?? 0);
  return false;
}
