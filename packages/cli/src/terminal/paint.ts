// Colours, and the arithmetic of text that may hold them. One place decides whether colour is used at all
// (a terminal, and no NO_COLOR); everything else asks for meaning: good, busy, bad, faint.

export interface Paint {
  readonly good: (text: string) => string;
  readonly busy: (text: string) => string;
  readonly bad: (text: string) => string;
  readonly faint: (text: string) => string;
  readonly strong: (text: string) => string;
  readonly name: (text: string) => string;
}

const plain = (text: string) => text;
const wrap = (open: number, close: number) => (text: string) => `\u001b[${open}m${text}\u001b[${close}m`;

/** Colours that mean something, or none at all. */
export function createPaint(colour: boolean): Paint {
  if (!colour) return { good: plain, busy: plain, bad: plain, faint: plain, strong: plain, name: plain };
  return {
    good: wrap(32, 39),
    busy: wrap(33, 39),
    bad: wrap(31, 39),
    faint: wrap(2, 22),
    strong: wrap(1, 22),
    name: wrap(36, 39),
  };
}

// biome-ignore lint/suspicious/noControlCharactersInRegex: the escape character is what is looked for
const escapes = /\u001b\[[0-9;]*m/g;

/** Columns that `text` takes on a screen, escapes not counted. */
export function widthOf(text: string): number {
  return [...text.replace(escapes, '')].length;
}

export function padEnd(text: string, width: number): string {
  return text + ' '.repeat(Math.max(0, width - widthOf(text)));
}

export function padStart(text: string, width: number): string {
  return ' '.repeat(Math.max(0, width - widthOf(text))) + text;
}

/** Cuts `text` to `width` columns, with an ellipsis where something was lost; escapes stay whole and are closed. */
export function cut(text: string, width: number): string {
  if (widthOf(text) <= width) return text;
  if (width <= 0) return '';
  let kept = '';
  let columns = 0;
  let coloured = false;
  for (let i = 0; i < text.length && columns < width - 1; ) {
    escapes.lastIndex = i;
    const sequence = text[i] === '\u001b' ? escapes.exec(text) : null;
    if (sequence !== null && sequence.index === i) {
      kept += sequence[0];
      coloured = true;
      i += sequence[0].length;
      continue;
    }
    const point = String.fromCodePoint(text.codePointAt(i) ?? 0x20);
    kept += point;
    columns++;
    i += point.length;
  }
  escapes.lastIndex = 0;
  return `${kept}…${coloured ? '\u001b[0m' : ''}`;
}

/** Breaks a sentence into lines of at most `width` columns, each after the first set in by `indent`. */
export function wrapText(text: string, width: number, indent = ''): string {
  const lines: string[] = [];
  let line = '';
  for (const word of text.split(/\s+/)) {
    if (line !== '' && widthOf(line) + 1 + widthOf(word) > width) {
      lines.push(line);
      line = indent + word;
    } else line = line === '' ? word : `${line} ${word}`;
  }
  lines.push(line);
  return lines.join('\n');
}

// biome-ignore lint/suspicious/noControlCharactersInRegex: escape sequences are what is looked for
const sequences = /\u001b\[[0-9;?]*[ -/]*[@-~]|\u001b\][^\u0007\u001b]*(?:\u0007|\u001b\\)?/g;
// biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is removed
const controls = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f]/g;

/** Text from outside (a log line, last words) made safe to print: it cannot steer the reader's terminal. */
export function tame(text: string): string {
  return text.replace(sequences, '').replace(controls, '');
}
