// A finger on the line: finds where a dotted path stands in the text of a declaration. It reads brackets, strings and
// comments, not TypeScript: good enough to point at, and silent (undefined) where it is lost. A name that is declared
// elsewhere in the file (`const orders = service({...})`) is followed.
import { splitPath } from './parse/problems.ts';

/** 1-based line of `path` (as in Problem.path), or of the nearest part of it that could be found; undefined when none could. */
export function locateProblem(sourceText: string, path: string): number | undefined {
  const text = blankComments(sourceText);
  let place = findRoot(text);
  if (place === undefined) return undefined;
  let found = place.at;
  let steps = 0;
  for (const step of splitPath(path)) {
    const next: Place | undefined = typeof step === 'number' ? findItem(text, place, step) : findKey(text, place, step);
    if (next === undefined) break;
    found = next.at;
    place = followName(text, next);
    steps++;
  }
  return steps === 0 && path !== '' ? undefined : lineOf(text, found);
}

/** A value: `at` is where to point; its text is [from, to). */
interface Place {
  readonly at: number;
  readonly from: number;
  readonly to: number;
}

function lineOf(text: string, offset: number): number {
  let line = 1;
  for (let i = text.indexOf('\n'); i >= 0 && i < offset; i = text.indexOf('\n', i + 1)) line++;
  return line;
}

function findRoot(text: string): Place | undefined {
  const call = /\bdefineSystem\s*\(/.exec(text);
  const start = call === null ? /\bexport\s+default\b/.exec(text) : call;
  if (start === null) return undefined;
  const from = start.index + start[0].length;
  return followName(text, { at: start.index, from, to: call === null ? text.length : endOf(text, from - 1) });
}

/** The value of `key` in the first object of `place`. */
function findKey(text: string, place: Place, key: string): Place | undefined {
  const open = firstOpen(text, place, '{');
  if (open === undefined) return undefined;
  for (const entry of entriesOf(text, open)) {
    const head = /^\s*(?:(['"])(.*?)\1|([\w$]+))\s*(:|,|$)/.exec(text.slice(entry.from, entry.to));
    if (head === null || (head[2] ?? head[3]) !== key) continue;
    const at = entry.from + (/\S/.exec(text.slice(entry.from, entry.to))?.index ?? 0);
    return { at, from: head[4] === ':' ? entry.from + head[0].length : at, to: entry.to };
  }
  return undefined;
}

function findItem(text: string, place: Place, index: number): Place | undefined {
  const open = firstOpen(text, place, '[');
  const entry = open === undefined ? undefined : entriesOf(text, open)[index];
  if (entry === undefined) return undefined;
  return { ...entry, at: entry.from + (/\S/.exec(text.slice(entry.from, entry.to))?.index ?? 0) };
}

function firstOpen(text: string, place: Place, bracket: '{' | '['): number | undefined {
  for (let i = place.from; i < place.to; i++) {
    const char = text[i] ?? '';
    if (char === bracket) return i;
    if (isQuote(char)) i = endOf(text, i);
    // Inside a call's parentheses is where the options stand; other brackets are passed over.
    else if (char === '{' || char === '[') i = endOf(text, i);
  }
  return undefined;
}

/** The comma-separated parts between the bracket at `open` and its end. */
function entriesOf(text: string, open: number): readonly Place[] {
  const close = endOf(text, open);
  const entries: Place[] = [];
  let from = open + 1;
  const finish = (to: number) => {
    if (text.slice(from, to).trim() !== '') entries.push({ at: from, from, to });
    from = to + 1;
  };
  for (let i = open + 1; i < close; i++) {
    const char = text[i] ?? '';
    if (char === ',') finish(i);
    else if (isQuote(char) || '{[('.includes(char)) i = endOf(text, i);
  }
  finish(close);
  return entries;
}

/** `orders` or `...` as a whole value: its declaration elsewhere in the file, if there is one. */
function followName(text: string, place: Place): Place {
  const name = /^\s*([A-Za-z_$][\w$]*)\s*;?\s*$/.exec(text.slice(place.from, place.to))?.[1];
  if (name === undefined) return place;
  const declared = new RegExp(`\\b(?:const|let|var)\\s+${name.replaceAll('$', '\\$')}\\b[^=;]*=`).exec(text);
  if (declared === null) return place;
  const from = declared.index + declared[0].length;
  return { at: place.at, from, to: endOfStatement(text, from) };
}

function endOfStatement(text: string, from: number): number {
  for (let i = from; i < text.length; i++) {
    const char = text[i] ?? '';
    if (char === ';') return i;
    if (isQuote(char) || '{[('.includes(char)) i = endOf(text, i);
  }
  return text.length;
}

function isQuote(char: string): boolean {
  return char === "'" || char === '"' || char === '`';
}

/** Where what opens at `start` (a bracket or a quote) ends; the end of the text where it never does. */
function endOf(text: string, start: number): number {
  const opener = text[start] ?? '';
  if (isQuote(opener)) {
    for (let i = start + 1; i < text.length; i++) {
      if (text[i] === '\\') i++;
      else if (text[i] === opener) return i;
    }
    return text.length;
  }
  let depth = 0;
  for (let i = start; i < text.length; i++) {
    const char = text[i] ?? '';
    if ('{[('.includes(char)) depth++;
    else if ('}])'.includes(char)) {
      depth--;
      if (depth === 0) return i;
    } else if (isQuote(char)) i = endOf(text, i);
  }
  return text.length;
}

/** Comments as blanks, so that offsets and lines stay. */
function blankComments(text: string): string {
  return text.replace(
    /('(?:[^'\\\n]|\\.)*'|"(?:[^"\\\n]|\\.)*"|`(?:[^`\\]|\\[\s\S])*`)|\/\/[^\n]*|\/\*[\s\S]*?\*\//g,
    (whole, quoted: string | undefined) => quoted ?? whole.replace(/[^\n]/g, ' '),
  );
}
