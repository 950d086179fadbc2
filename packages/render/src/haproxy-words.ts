// How a word is written in HAProxy's language, so that nothing in it is read as more than a word. Single quotes take everything as it
// is but themselves; control characters have no spelling and are refused.
import { assert } from '@hale/base';

/** Any text as one argument. Throws an assertion on control characters. */
export function quoted(text: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
  assert(!/[\u0000-\u001f\u007f]/.test(text), 'no control characters in a configuration');
  return `'${text.replaceAll("'", "'\\''")}'`;
}

/** A bare word: a section's name, an address. Throws an assertion on anything that could end it. */
export function word(text: string): string {
  assert(/^[A-Za-z0-9_.:-]+$/.test(text), 'a name of letters, digits, dots, colons and hyphens');
  return text;
}

/** The path of a socket, where quotes would be part of it. Throws an assertion on what could end it. */
export function path(text: string): string {
  assert(/^\/[A-Za-z0-9_.:/@+-]+$/.test(text), 'a path of letters, digits and ordinary signs');
  return text;
}
