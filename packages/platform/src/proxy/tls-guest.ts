// A guest who asks for one page over TLS and looks at the passport: whose certificate, which protocol. Only for *.live.test.ts.
import { connect as connectHttp2 } from 'node:http2';
import { connect as connectTls, type TLSSocket } from 'node:tls';

export interface TlsVisit {
  /** The certificate's common name. */
  readonly subject: unknown;
  readonly protocol: unknown;
  /** The body of the answer. */
  readonly text: string;
}

/** One request to a port of 127.0.0.1. Throws when the connection is refused or breaks. */
export async function overTls(port: number, protocol: 'h2' | 'http/1.1'): Promise<TlsVisit> {
  const socket = connectTls({ port, host: '127.0.0.1', ALPNProtocols: [protocol], rejectUnauthorized: false });
  await new Promise<void>((resolve, reject) => socket.once('secureConnect', resolve).once('error', reject));
  const subject = socket.getPeerCertificate().subject.CN;
  const text = await (socket.alpnProtocol === 'h2' ? askHttp2(socket) : askHttp1(socket));
  socket.destroy();
  return { subject, protocol: socket.alpnProtocol, text };
}

async function askHttp2(socket: TLSSocket): Promise<string> {
  const session = connectHttp2('https://localhost', { createConnection: () => socket });
  const stream = session.request({ ':path': '/' });
  let text = '';
  for await (const chunk of stream) text += String(chunk);
  session.destroy();
  return text;
}

async function askHttp1(socket: TLSSocket): Promise<string> {
  socket.write('GET / HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n');
  let text = '';
  for await (const chunk of socket) text += String(chunk);
  return text.slice(text.indexOf('{'), text.lastIndexOf('}') + 1);
}
