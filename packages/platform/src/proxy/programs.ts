// The stable: which adapter drives which program, where each has its folder, and what a program is told of the world. One place, because a
// gateway that changes from one program to another must also see the former one off.
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { Clock } from '@hale/base';
import type { GatewayProgram, ProxyProgramSpec } from '@hale/model';
import { dismiss, isDismissed, recall } from './going-down.ts';
import { haproxyVersion } from './haproxy/binary.ts';
import { createHaproxy } from './haproxy/program.ts';
import { createNginx } from './nginx/nginx.ts';
import { askNginx } from './nginx/version.ts';
import type { ProxyOptions, ProxyProgram } from './proxy-program.ts';

const kinds = ['nginx', 'haproxy'] as const;
const passedOn = ['PATH', 'HOME', 'TZ', 'LANG', 'HALE_SYSTEM', 'OPENSSL_CONF'];
const farewellMsMax = 30_000;
/** Longer than a pilot is given to end. */
const orphanMs = 20_000;

export function programFolder(runtimeDir: string, kind: ProxyProgramSpec['kind']): string {
  return join(runtimeDir, kind);
}

export function createProgram({ kind }: Pick<ProxyProgramSpec, 'kind'>, options: ProxyOptions): ProxyProgram {
  return kind === 'nginx' ? createNginx(options) : createHaproxy(options);
}

/** Not the pilot's incarnation: who ends a pilot ends all that carry it, and the program is to live on. */
export function programEnv(env: Readonly<Record<string, string | undefined>>): Record<string, string> {
  const kept = passedOn.flatMap((name) => (env[name] === undefined ? [] : [[name, env[name]]]));
  // Debian keeps such programs where an ordinary user's path does not lead.
  return { ...Object.fromEntries(kept), PATH: `${env['PATH'] ?? ''}:/usr/sbin:/sbin` };
}

/** Throws HALE_PLATFORM_PROXY_MISSING or HALE_PLATFORM_PROXY_TOO_OLD. A program that the team runs itself is not asked. */
export async function requireProgram(program: GatewayProgram): Promise<string | undefined> {
  if (program.kind === 'embedded' || program.include !== undefined) return undefined;
  return program.kind === 'nginx'
    ? (await askNginx(program.bin, programEnv(process.env))).version.join('.')
    : haproxyVersion(program.bin);
}

/**
 * Sees a program off that an earlier declaration of this system left running: its pilot takes it along when it ends, which is after the new gateway
 * serves; where there is no pilot any more, this process does it later. Waits for nothing.
 */
export function dismissOthers(runtimeDir: string, chosen: GatewayProgram, clock: Clock): void {
  for (const kind of kinds) {
    const folder = programFolder(runtimeDir, kind);
    if (kind === chosen.kind && chosen.include === undefined) {
      recall(folder);
      continue;
    }
    if (!existsSync(folder)) continue;
    dismiss(folder);
    clock.after(orphanMs, () => void endOrphan({ kind, folder, clock }));
  }
}

async function endOrphan(orphan: { kind: ProxyProgramSpec['kind']; folder: string; clock: Clock }): Promise<void> {
  const { kind, folder, clock } = orphan;
  if (!isDismissed(folder)) return;
  const former = createProgram({ kind }, { clock, bin: kind, folder, env: programEnv(process.env), say: () => {} });
  // It is another declaration's: nobody waits for how its end went.
  await former.stop(farewellMsMax).catch(() => {});
  former.close();
}
