// How a word is written in NGINX's language, so that nothing in it is read as more than a word. Refuses what has no safe spelling there:
// control characters, and `$` where NGINX would put a variable in its place.
import { assert } from '@hale/base';

/** Any text without `$` as one argument. Throws an assertion on what cannot be written. */
export function quoted(text: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
  assert(!/[\u0000-\u001f\u007f$]/.test(text), 'no control characters and no $ in a configuration');
  return `"${text.replaceAll('\\', '\\\\').replaceAll('"', '\\"')}"`;
}

/** A bare word: the name of a service, an address. Throws an assertion on anything that could end it. */
export function word(text: string): string {
  assert(/^[A-Za-z0-9_.:[\]-]+$/.test(text), 'a name of letters, digits, dots, colons and hyphens');
  return text;
}

/** `name { ... }`, its lines moved in. */
export function block(head: string, lines: readonly string[]): string[] {
  return [`${head} {`, ...lines.map((line) => `  ${line}`), '}'];
}

/** Address and port; an IPv6 address gets its brackets. */
export function place(address: string, port: number): string {
  return word(address.includes(':') ? `[${address}]:${port}` : `${address}:${port}`);
}
