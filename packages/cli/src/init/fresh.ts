// A small system for an empty folder: a web service that asks a greeter, two replicas each, plain node:http. It runs as it
// is, and killing any replica of it is the first thing to try.
import { importLine, packageName } from './config-text.ts';

/** Relative path -> text. */
export type Files = Readonly<Record<string, string>>;

export interface FreshSystem {
  readonly name: string;
  /** File name of the declaration. */
  readonly config: string;
  /** Of the programs: 'mts' where the package says that it is CommonJS. */
  readonly ending: 'ts' | 'mts';
}

export function freshFiles({ name, config, ending }: FreshSystem): Files {
  return {
    [config]: configSource(name, ending),
    [`services/web.${ending}`]: web,
    [`services/greeter.${ending}`]: greeter,
  };
}

/** For a folder without a package.json. */
export function freshPackage(name: string, version: string): string {
  const json = {
    name,
    private: true,
    type: 'module',
    scripts: { start: 'hale up', dev: 'hale dev', stop: 'hale down' },
    dependencies: { [packageName]: `^${version}` },
  };
  return `${JSON.stringify(json, null, 2)}\n`;
}

const configSource = (
  name: string,
  ending: string,
) => `// The system, declared once: \`hale up\` starts it, watches it and heals it.
// Try: open http://127.0.0.1:8080, then kill a replica (its pid stands in \`hale ps\`) and look again.
${importLine(['defineSystem', 'service'])}

export default defineSystem({
  name: '${name}',
  services: {
    web: service({ run: 'services/web.${ending}', replicas: 2, uses: ['greeter'], probes: { ready: { http: '/healthz' } } }),
    greeter: service({ run: 'services/greeter.${ending}', replicas: 2 }),
  },
  gateway: { port: 8080, routes: { '/': 'web' } },
});
`;

const web = `// What your users see. Hale says where to listen (PORT) and where the greeter is (HALE_URL_GREETER).
import { createServer } from 'node:http';

const greeterUrl = process.env['HALE_URL_GREETER'] ?? 'http://127.0.0.1:3001';

const server = createServer(async (request, response) => {
  if (request.url === '/healthz') {
    response.end('ok\\n');
    return;
  }
  try {
    const greeting = await fetch(new URL('/greeting', greeterUrl), { signal: AbortSignal.timeout(5000) });
    response.end(\`\${(await greeting.text()).trim()} (by web \${process.pid})\\n\`);
  } catch (error) {
    response.writeHead(502).end(\`the greeter did not answer: \${String(error)}\\n\`);
  }
});

server.listen(Number(process.env['PORT'] ?? 3000), '127.0.0.1');

// Told to stop: finish what is under way, then go.
process.on('SIGTERM', () => server.close(() => process.exit(0)));
`;

const greeter = `// Greets. Kill it: the gateway sends the next request to the other replica, and Hale starts a new one.
import { createServer } from 'node:http';

const server = createServer((_request, response) => {
  response.end(\`Hello from greeter \${process.pid}\\n\`);
});

server.listen(Number(process.env['PORT'] ?? 3001), '127.0.0.1');

process.on('SIGTERM', () => server.close(() => process.exit(0)));
`;
