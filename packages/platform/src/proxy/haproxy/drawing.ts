// From the pilot's wishes to the draughtsman's: descriptors as the program will see them, chairs enough for every member and its replacement, and
// the digest by which a pilot sees whether the running program was started with the same drawing. Who sits on the chairs is not part of that.
import { createHash } from 'node:crypto';
import { type HaproxyInput, type HaproxyListener, renderHaproxy } from '@hale/render';
import { type GatewayErrorCode, gatewayErrors } from '../../gateway/errors.ts';
import type { ProxyConfig, ProxyListener } from '../proxy-program.ts';

export interface Drawing {
  readonly stamp: string;
  readonly text: string;
}

export interface Places {
  readonly adminSocket: string;
  /** The certificate; its key beside it as `.key`. */
  readonly pemFile: string;
  readonly chairs: Readonly<Record<string, number>>;
}

const chairsMin = 4;

const answerCodes: Readonly<Record<number, GatewayErrorCode>> = {
  400: 'HALE_PLATFORM_GATEWAY_BAD_REQUEST',
  404: 'HALE_PLATFORM_GATEWAY_NO_ROUTE',
  408: 'HALE_PLATFORM_GATEWAY_BODY_TIMEOUT',
  502: 'HALE_PLATFORM_GATEWAY_UPSTREAM_LOST',
  503: 'HALE_PLATFORM_GATEWAY_NONE_UP',
  504: 'HALE_PLATFORM_GATEWAY_TIMEOUT',
};

/** The text for `config` and its digest. */
export function drawHaproxy(config: ProxyConfig, places: Places): Drawing {
  // The digest leaves out what may change live (members) or is ours alone (paths).
  const bare = config.services.map((service) => ({ ...service, members: [] }));
  const plain = { ...places, adminSocket: '/-', pemFile: '/-' };
  const doors = config.listeners.map(({ name, host, port }) => `${name} ${host}:${port}`);
  const plainText = renderHaproxy(inputOf({ ...config, services: bare }, plain, '-'));
  const stamp = createHash('sha256')
    .update([...doors, plainText].join('\n'))
    .digest('hex');
  return { stamp, text: renderHaproxy(inputOf(config, places, stamp)) };
}

/**
 * How many chairs each service needs: twice its members, for each may be replaced by one that starts beside it, and never fewer than it
 * has, for a change of their number costs a new life of the program.
 */
export function chairsFor(config: ProxyConfig, known: Readonly<Record<string, number>>): Record<string, number> {
  return Object.fromEntries(
    config.services.map(({ name, members }) => [
      name,
      Math.max(chairsMin, known[name] ?? 0, members.length > (known[name] ?? 0) ? members.length * 2 : 0),
    ]),
  );
}

function inputOf(config: ProxyConfig, places: Places, stamp: string): HaproxyInput {
  const { timeoutMs, tryTimeoutMs, holdMs, bodyBytesMax, routes, workers } = config;
  return {
    stamp: `hale ${stamp}`,
    adminSocket: places.adminSocket,
    threads: workers,
    timeoutMs,
    tryTimeoutMs,
    holdMs,
    bodyBytesMax,
    routes,
    listeners: config.listeners.map((listener, index) => listenerOf(listener, 3 + index, places.pemFile)),
    services: config.services.map(({ name, idempotencyKeys, members, holdSocket }) => ({
      name,
      idempotencyKeys,
      slots: places.chairs[name] ?? chairsMin,
      members,
      holdSocket,
    })),
    answers: Object.fromEntries(Object.entries(answerCodes).map(([status, code]) => [status, letter(code)])),
  };
}

function listenerOf({ name }: ProxyListener, fd: number, pemFile: string): HaproxyListener {
  if (name === 'public') return { kind: 'public', fd };
  if (name === 'tls') return { kind: 'tls', fd, pemFile };
  return { kind: 'service', fd, service: name.slice('svc:'.length) };
}

/** The same letter as that of the embedded gateway. */
function letter(code: GatewayErrorCode): string {
  const { message, hint } = gatewayErrors[code];
  return JSON.stringify({ error: { code, message, hint } });
}
