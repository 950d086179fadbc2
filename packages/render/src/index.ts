// The draftsman: the model written in other tools' languages. Pure functions from drawings to text; it starts nothing, reads no file and
// knows no clock. Each tool has a file of its own; who checks the text and applies it is the room `platform`.
export {
  type HaproxyInput,
  type HaproxyListener,
  type HaproxyMember,
  type HaproxyService,
  haproxyBackend,
  haproxyHold,
  haproxySlot,
  renderHaproxy,
} from './haproxy.ts';
export { type NginxDialect, type NginxInput, type NginxListener, renderNginx } from './nginx.ts';
export { type NginxService, nginxUpstream, renderNginxUpstreams } from './nginx-upstream.ts';
export { type RenderedModule, renderZodApi } from './zod-api.ts';
