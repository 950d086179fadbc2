// The release's translator of paths. Compiled files name our rooms ('@hale/base') and sources ('./x.ts'); in a tarball the room
// is a folder beside, and the source is gone. Only what stands where a module is named is touched, never other text.
import { dirname, relative } from 'node:path';
import { emitted, type Publication, readPackage, roomInside } from './publications.ts';

const roomNamed = /((?:\bfrom|\bimport)\s*\(?\s*)(['"])(@hale\/[a-z]+)((?:\/[a-z-]+)?)\2/g;
const sourceNamed = /((?:\bfrom|\bimport)\s*\(?\s*|new URL\(\s*)(['"])(\.\.?\/[^'"]*)\.ts\2/g;

/** `file` is the path below dist/ that the text will stand in. */
export function rewrite(text: string, file: string, publication: Publication): string {
  return text
    .replace(roomNamed, (found, before: string, quote: string, name: string, door: string) => {
      const room = roomInside(publication, name);
      const target = room === undefined ? undefined : readPackage(room).exports[`.${door}`];
      if (room === undefined || target === undefined) return found;
      const path = relative(dirname(file), `${room}/${emitted(target)}`);
      return `${before}${quote}${path.startsWith('.') ? path : `./${path}`}${quote}`;
    })
    .replace(sourceNamed, '$1$2$3.js$2');
}

/** Every file of our own that the text names by a relative path, as paths below dist/. */
export function filesNamed(text: string, file: string): readonly string[] {
  const named = [...text.matchAll(/['"](\.\.?\/[^'"\s]+\.m?js)['"]/g)].map((match) => match[1] ?? '');
  const root = new URL(file, 'file:///');
  return named.map((path) => new URL(path, root).pathname.slice(1));
}
