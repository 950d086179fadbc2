// The first line of every entry point: is this Node new enough? Plain JavaScript, so that an old Node can say so
// itself in one line instead of failing on syntax it does not know.
const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
if (major < 24 || (major === 24 && minor < 12)) {
  console.error(
    `Hale needs Node 24.12 or newer and this is ${process.versions.node}: run it through npm after \`npm ci\` (Node 24 is installed with it on Linux), or install Node 24.`,
  );
  process.exit(1);
}
