// Puts inherited sockets into the listening state and says their addresses, as JSON on its standard output. A process of its own, because
// Node that listens on a socket also accepts on it: this one ends within the same turn of its loop, before it could.
//   node listening-child.ts <number of sockets, which are descriptors 3, 4, ...>
import { createServer } from 'node:net';

const addresses = Array.from({ length: Number(process.argv[2]) }, (_, index) => {
  const server = createServer();
  server.listen({ fd: index + 3, backlog: 4096 });
  const address = server.address();
  return typeof address === 'object' ? address : null;
});
process.stdout.write(JSON.stringify(addresses));
process.exit(0);
