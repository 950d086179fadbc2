// The ticket's number: reads the Idempotency-Key header after draft-ietf-httpapi-idempotency-key-header. The draft wants a
// structured-field string ("8e03..." in double quotes, RFC 8941); most clients of today send it bare, so both are taken and mean
// the same. Several keys in one request are no key at all.

export type ParsedKey =
  | { readonly kind: 'none' }
  | { readonly kind: 'key'; readonly key: string }
  | { readonly kind: 'invalid'; readonly why: string };

export const keyHeader = 'idempotency-key';
const lengthMax = 255;
const quoted = /^"((?:[ !#-[\]-~]|\\["\\])*)"(?:[ \t]*;.*)?$/;
/** Visible ASCII without the quote, the comma (several values) and the semicolon (parameters). */
const bare = /^[!#-+\--:<-~]+$/;

/** `values` as node:http gives them: one text, or several lines. */
export function parseKey(values: string | readonly string[] | undefined): ParsedKey {
  if (values === undefined) return { kind: 'none' };
  if (typeof values !== 'string') {
    if (values.length > 1) return { kind: 'invalid', why: `there are ${values.length} Idempotency-Key headers` };
    return parseKey(values[0]);
  }
  const text = values.trim();
  const string = quoted.exec(text)?.[1];
  const key = string === undefined ? text : string.replace(/\\(["\\])/g, '$1');
  if (key === '') return { kind: 'invalid', why: 'the Idempotency-Key is empty' };
  if (key.length > lengthMax)
    return { kind: 'invalid', why: `the Idempotency-Key has ${key.length} characters, ${lengthMax} at most` };
  if (string === undefined && !bare.test(text))
    return { kind: 'invalid', why: 'the Idempotency-Key is neither a token nor a quoted string' };
  return { kind: 'key', key };
}
