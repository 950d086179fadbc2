// Paths as text, without the machine's help (this room has none): POSIX rules, nothing is looked up.

/** `path` seen from `root` (absolute): absolute, without '.', '..' and doubled slashes. */
export function resolvePath(root: string, path: string): string {
  const steps: string[] = [];
  for (const step of (path.startsWith('/') ? path : `${root}/${path}`).split('/')) {
    if (step === '' || step === '.') continue;
    if (step === '..') steps.pop();
    else steps.push(step);
  }
  return `/${steps.join('/')}`;
}

/** '.ts' of 'a/b.test.ts'; '' where there is none. */
export function extensionOf(path: string): string {
  const name = path.slice(path.lastIndexOf('/') + 1);
  const dot = name.lastIndexOf('.');
  return dot <= 0 ? '' : name.slice(dot);
}
