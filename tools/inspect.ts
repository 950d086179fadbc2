// The two inspections that read all sources as text, in one process that reads them once: the import law (law.ts) and the rules of
// STYLE.md that a machine can see (tidy.ts). A step of `npm run check`; each also runs by itself.
import { breaches, createDependencyReader } from './law.ts';
import { readSources } from './source.ts';
import { inspect } from './tidy.ts';

const sources = readSources();
const found = [...breaches(sources, createDependencyReader()), ...inspect(sources)];
for (const { path, line, message } of found) console.error(`${path}:${line}  ${message}`);
process.exitCode = found.length === 0 ? 0 : 1;
