// Which program stands at the gate, and its key: `nginx()`, `haproxy()` and `tls` as declared -> their specs. Whether the program
// and the files exist is asked by who may look (the cli); here only what is written is judged.
import type { Problem } from '@hale/base';
import { tlsPortDefault } from '../defaults.ts';
import type { GatewayProgram, IncludeSpec, TlsSpec } from '../spec.ts';
import { resolvePath } from './paths.ts';
import { errorAt } from './problems.ts';
import type { GatewayShape } from './shapes.ts';

export interface ProgramRead {
  readonly kind: unknown;
  readonly shape: GatewayShape;
  readonly root: string;
}

export function readGatewayProgram({ kind, shape, root }: ProgramRead, problems: Problem[]): GatewayProgram {
  if (kind !== 'nginx' && kind !== 'haproxy') return { kind: 'embedded' };
  const bin = shape.bin ?? kind;
  const path = bin.includes('/') ? resolvePath(root, bin) : bin;
  return { kind, bin: path, include: readInclude(shape, root, problems) };
}

function readInclude(
  { include, reload, check }: GatewayShape,
  root: string,
  problems: Problem[],
): IncludeSpec | undefined {
  const complain = (field: string, message: string, hint: string) =>
    problems.push(errorAt(['gateway', field], { message, hint }));
  if (include === undefined) {
    for (const [field, value] of Object.entries({ reload, check })) {
      if (value !== undefined)
        complain(field, `${field} is for an NGINX of your own`, "add include: 'conf.d/hale.conf'");
    }
    return undefined;
  }
  if (reload === undefined) {
    complain('reload', 'include without reload: nobody would read the file', "add reload: ['nginx', '-s', 'reload']");
    return undefined;
  }
  return { file: resolvePath(root, include), reload, check };
}

export function readTls(shape: GatewayShape['tls'], root: string, problems: Problem[]): TlsSpec | undefined {
  if (shape === undefined) return undefined;
  const { cert, key } = shape;
  for (const [field, value] of Object.entries({ cert, key })) {
    if (value !== undefined) continue;
    const hint = `add ${field}: '${field}.pem'`;
    problems.push(errorAt(['gateway', 'tls', field], { message: `no ${field} given`, hint }));
  }
  if (cert === undefined || key === undefined) return undefined;
  return { certFile: resolvePath(root, cert), keyFile: resolvePath(root, key), port: shape.port ?? tlsPortDefault };
}
