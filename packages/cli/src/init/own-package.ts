// Which Hale is this: the name and version of the package that this file travels in, wherever the release has put it.
import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

export function ownVersion(): string {
  for (let folder = dirname(fileURLToPath(import.meta.url)); folder !== dirname(folder); folder = dirname(folder)) {
    try {
      const json = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as { version?: string };
      if (json.version !== undefined) return json.version;
    } catch {
      // no package.json here: it stands further up
    }
  }
  return '0.0.0';
}
