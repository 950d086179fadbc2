// Values as TypeScript source in the house's style: single quotes, two spaces, one line where it fits.
import { isRecord } from './draft.ts';

const widthMax = 100;

/** `value` as source; `indent` is that of the line it starts on. */
export function sourceOf(value: unknown, indent = ''): string {
  if (typeof value === 'string') return quote(value);
  if (Array.isArray(value))
    return block(
      value.map((item) => sourceOf(item, `${indent}  `)),
      { open: '[', close: ']', indent },
    );
  if (!isRecord(value)) return String(value);
  if (value['kind'] === 'secret') return `secret(${quote(String(value['name']))})`;
  if (value['kind'] === 'env') {
    const fallback = value['fallback'] === undefined ? '' : `, ${quote(String(value['fallback']))}`;
    return `env(${quote(String(value['name']))}${fallback})`;
  }
  const entries = Object.entries(value).filter(([, item]) => item !== undefined);
  return block(
    entries.map(([key, item]) => `${keyOf(key)}: ${sourceOf(item, `${indent}  `)}`),
    { open: '{', close: '}', indent },
  );
}

interface Brackets {
  readonly open: string;
  readonly close: string;
  readonly indent: string;
}

function block(items: readonly string[], { open, close, indent }: Brackets): string {
  if (items.length === 0) return open + close;
  const space = open === '{' ? ' ' : '';
  const line = `${open}${space}${items.join(', ')}${space}${close}`;
  if (!line.includes('\n') && line.length + indent.length <= widthMax) return line;
  return `${open}\n${items.map((item) => `${indent}  ${item},\n`).join('')}${indent}${close}`;
}

export function quote(text: string): string {
  return /[\p{Cc}'\\\u2028\u2029]/u.test(text)
    ? JSON.stringify(text)
        .replace(/\u2028/g, '\\u2028')
        .replace(/\u2029/g, '\\u2029')
    : `'${text}'`;
}

export function keyOf(key: string): string {
  return /^[A-Za-z_$][\w$]*$/.test(key) ? key : quote(key);
}
