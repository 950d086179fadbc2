// What the gateway says when it cannot pass a request on: one table, so that a code means the same in an answer, in the docs and
// in a test. The hint is the next thing to type.

export interface Refusal {
  readonly status: number;
  readonly message: string;
  readonly hint: string;
}

export const gatewayErrors = {
  HALE_PLATFORM_GATEWAY_NO_ROUTE: {
    status: 404,
    message: 'no route of the gateway matches this path',
    hint: "add it to gateway.routes in hale.config.ts, e.g. '/orders': 'orders'",
  },
  HALE_PLATFORM_GATEWAY_BAD_REQUEST: {
    status: 400,
    message: 'the request cannot be passed on as it is',
    hint: 'send an HTTP/1.1 request with a path that starts with / and one Host header',
  },
  HALE_PLATFORM_GATEWAY_HEADERS_TOO_MANY: {
    status: 431,
    message: 'more than 100 header fields',
    hint: 'send fewer or shorter header fields',
  },
  HALE_PLATFORM_GATEWAY_BODY_TIMEOUT: {
    status: 408,
    message: 'the request body did not arrive in time',
    hint: 'send it again, or raise gateway.timeout in hale.config.ts',
  },
  HALE_PLATFORM_GATEWAY_NONE_UP: {
    status: 503,
    message: 'no replica of this service answers',
    hint: 'run: hale ps',
  },
  HALE_PLATFORM_GATEWAY_OVERLOADED: {
    status: 503,
    message: 'too many requests wait for this service',
    hint: 'run: hale scale SERVICE REPLICAS',
  },
  HALE_PLATFORM_GATEWAY_UPSTREAM_LOST: {
    status: 502,
    message: 'the replica died while it had the request, which may not be repeated safely',
    hint: 'check whether it took effect before sending it again; run: hale incidents',
  },
  HALE_PLATFORM_GATEWAY_TIMEOUT: {
    status: 504,
    message: 'the service did not answer in time',
    hint: 'run: hale status, or raise gateway.tryTimeout in hale.config.ts',
  },
  HALE_PLATFORM_GATEWAY_LISTENER: {
    status: 500,
    message: 'a listener was not handed to the worker',
    hint: 'workers are started by hale up, not by hand',
  },
  HALE_PLATFORM_GATEWAY_HEADER_INVALID: {
    status: 400,
    message: 'a header of the request cannot be meant',
    hint: 'correct the x-hale-* header that the message names, or leave it out',
  },
  HALE_PLATFORM_GATEWAY_TLS: {
    status: 500,
    message: 'the certificate cannot be used',
    hint: 'check both files of gateway.tls: openssl x509 -in CERT -noout -dates, openssl pkey -in KEY -noout',
  },
  HALE_PLATFORM_GATEWAY_TLS_EXPECTED: {
    status: 400,
    message: 'this port speaks TLS, and a request came in the clear',
    hint: 'write https:// in place of http://',
  },
} as const satisfies Record<`HALE_${string}`, Refusal>;

export type GatewayErrorCode = keyof typeof gatewayErrors;
