// The sealed envelope: how every object of a backup lies in the store. On it: how it was packed, how long its content is, when the
// content was current, and a digest of name, time and content; with a key, content and head are sealed (AES-256-GCM), and the
// digest is keyed, so that a stranger cannot even tell equal contents of known files. An envelope under another's name, a torn,
// an emptied or a scratched one does not open.
//
//   0 'HALE'  4 edition  5 packing  6 sealing  7 nought  8 length u64  16 stamp u64 (Unix ms)  24 digest[32]  56 nonce[12], body, tag[16] | body
import { createCipheriv, createDecipheriv, createHash, createHmac, hkdfSync, randomBytes } from 'node:crypto';
import { promisify } from 'node:util';
import { constants, gunzip, gzip, zstdCompress, zstdDecompress } from 'node:zlib';
import { backupError } from './errors.ts';

const headBytes = 56;
const nonceBytes = 12;
const tagBytes = 16;
/** No content is longer: a segment of the log may be 1 GiB at most, and that is far from what anybody uses. */
const contentBytesMax = 1 << 30;
/** The library hands the work over in pieces of this size; its own default of 16 kB costs as much again as the work. */
const pieceBytes = 1 << 20;
const packings = ['none', 'zstd', 'gzip'] as const;
const unpack = { zstd: promisify(zstdDecompress), gzip: promisify(gunzip) };
const zip = promisify(gzip);
const zstd = promisify(zstdCompress);

export type Packing = (typeof packings)[number];

export interface Letter {
  /** Bound into the digest: the object's key, or 'chunk' for what is named after its content. */
  readonly name: string;
  readonly content: Uint8Array;
  /** When the content was current (Unix ms); 0: it does not matter. */
  readonly stamp?: number;
}

export interface Opened {
  readonly content: Buffer;
  readonly stamp: number;
  /** For what was sealed as 'chunk': its id. */
  readonly digest: string;
}

export interface Sealer {
  readonly encrypts: boolean;
  /** Proves possession of the key without telling it; '' without a key. */
  readonly keyCheck: string;
  /** The name of a content: equal contents have equal names (under one key). */
  idOf(content: Uint8Array): string;
  seal(letter: Letter): Promise<Buffer>;
  /** Throws HALE_PLATFORM_BACKUP_DAMAGED, _KEY_MISSING. `name` as it was sealed. */
  open(name: string, sealed: Uint8Array): Promise<Opened>;
}

/** `key`: 32 bytes, or undefined for no encryption. */
export function createSealer(key: Uint8Array | undefined, packing: Packing = 'zstd'): Sealer {
  const derive = (use: string) => key && Buffer.from(hkdfSync('sha256', key, '', `hale backup ${use}`, 32));
  const sealKey = derive('seal');
  const digestKey = derive('digest');
  const digest = ({ name, content, stamp = 0 }: Letter): Buffer => {
    const hash = digestKey === undefined ? createHash('sha256') : createHmac('sha256', digestKey);
    return hash
      .update(`${name}\0${Math.floor(stamp)}\0`)
      .update(content)
      .digest();
  };
  return {
    encrypts: key !== undefined,
    keyCheck: digestKey === undefined ? '' : createHmac('sha256', digestKey).update('key check').digest('hex'),
    idOf: (content) => digest({ name: 'chunk', content }).toString('hex'),
    async seal(letter) {
      const packed = await pack(letter.content, packing);
      const head = Buffer.alloc(headBytes);
      head.write('HALE', 0, 'latin1');
      head.set([1, packings.indexOf(packed.packing), sealKey === undefined ? 0 : 1, 0], 4);
      head.writeBigUInt64BE(BigInt(letter.content.length), 8);
      head.writeBigUInt64BE(BigInt(Math.floor(letter.stamp ?? 0)), 16);
      head.set(digest(letter), 24);
      if (sealKey === undefined) return Buffer.concat([head, packed.body]);
      const nonce = randomBytes(nonceBytes);
      const cipher = createCipheriv('aes-256-gcm', sealKey, nonce).setAAD(head);
      const body = cipher.update(packed.body);
      return Buffer.concat([head, nonce, body, cipher.final(), cipher.getAuthTag()]);
    },
    async open(name, sealed) {
      const head = readHead(name, sealed);
      const body = head.encrypted ? decrypt(name, sealed, sealKey) : sealed.subarray(headBytes);
      const content = await unpackBody(name, body, head);
      if (content.length !== head.length) throw damaged(name, `it is ${content.length} bytes, not ${head.length}`);
      const found = digest({ name, content, stamp: head.stamp });
      if (!found.equals(head.digest)) {
        // An unsealed object read with a key has a digest that was made without one.
        if (digestKey !== undefined && !head.encrypted) throw damaged(name, 'it is not encrypted, and should be');
        throw damaged(name, 'its content is not what was stored under this name');
      }
      return { content, stamp: head.stamp, digest: found.toString('hex') };
    },
  };
}

/** When the content of a sealed object was current, from its first 56 bytes alone; nothing proves it until it is opened. */
export function stampOf(name: string, start: Uint8Array): number {
  return readHead(name, start).stamp;
}

export const envelopeHeadBytes = headBytes;

interface Head {
  readonly packing: Packing;
  readonly encrypted: boolean;
  readonly length: number;
  readonly stamp: number;
  readonly digest: Buffer;
}

function readHead(name: string, sealed: Uint8Array): Head {
  const bytes = Buffer.from(sealed.buffer, sealed.byteOffset, sealed.byteLength);
  if (bytes.length < headBytes) throw damaged(name, `it is ${bytes.length} bytes long: torn or emptied`);
  if (bytes.toString('latin1', 0, 4) !== 'HALE' || bytes[4] !== 1) throw damaged(name, 'it is none of ours');
  const packing = packings[bytes[5] ?? -1];
  const length = bytes.readBigUInt64BE(8);
  if (packing === undefined || (bytes[6] ?? 2) > 1 || length > contentBytesMax)
    throw damaged(name, 'its head is scratched');
  return {
    packing,
    encrypted: bytes[6] === 1,
    length: Number(length),
    stamp: Number(bytes.readBigUInt64BE(16)),
    digest: bytes.subarray(24, headBytes),
  };
}

async function pack(content: Uint8Array, packing: Packing): Promise<{ packing: Packing; body: Uint8Array }> {
  if (packing === 'none' || content.length < 64) return { packing: 'none', body: content };
  const body =
    packing === 'gzip'
      ? await zip(content, { level: 4, chunkSize: pieceBytes })
      : await zstd(content, { chunkSize: pieceBytes, params: { [constants.ZSTD_c_compressionLevel]: 3 } });
  return body.length < content.length ? { packing, body } : { packing: 'none', body: content };
}

async function unpackBody(name: string, body: Uint8Array, { packing, length }: Head): Promise<Buffer> {
  if (packing === 'none') return Buffer.from(body.buffer, body.byteOffset, body.byteLength);
  try {
    return await unpack[packing](body, { maxOutputLength: Math.max(1, length), chunkSize: pieceBytes });
  } catch (cause) {
    throw damaged(name, `it cannot be unpacked (${(cause as Error).message})`, cause);
  }
}

function decrypt(name: string, sealed: Uint8Array, key: Buffer | undefined): Buffer {
  if (key === undefined)
    throw backupError('HALE_PLATFORM_BACKUP_KEY_MISSING', `${name} is encrypted, and no key was given`);
  if (sealed.length < headBytes + nonceBytes + tagBytes) throw damaged(name, 'it is torn');
  const body = sealed.subarray(headBytes + nonceBytes, sealed.length - tagBytes);
  const decipher = createDecipheriv('aes-256-gcm', key, sealed.subarray(headBytes, headBytes + nonceBytes), {
    authTagLength: tagBytes,
  });
  decipher.setAAD(sealed.subarray(0, headBytes)).setAuthTag(sealed.subarray(sealed.length - tagBytes));
  try {
    return Buffer.concat([decipher.update(body), decipher.final()]);
  } catch (cause) {
    throw damaged(name, 'its seal is broken', cause);
  }
}

function damaged(name: string, why: string, cause?: unknown): Error {
  return backupError('HALE_PLATFORM_BACKUP_DAMAGED', `${name} is damaged: ${why}`, {
    cause,
    details: { object: name },
  });
}
