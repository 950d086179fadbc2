// What every host of this room has (Node, browsers, workers), for the compilation without any host's types: cancellation. Only
// tsconfig.pure.json reads it; elsewhere the host's own declarations hold.
interface AbortSignal {
  readonly aborted: boolean;
  readonly reason: unknown;
  addEventListener(type: 'abort', listener: () => void, options?: { readonly once?: boolean }): void;
  removeEventListener(type: 'abort', listener: () => void): void;
  throwIfAborted(): void;
}
declare class AbortController {
  readonly signal: AbortSignal;
  abort(reason?: unknown): void;
}
