// The files of a .tgz: enough of tar for packages of npm. https://www.gnu.org/software/tar/manual/html_node/Standard.html
import { gunzipSync } from 'node:zlib';

const BLOCK = 512;

/** Name and content of each regular file, in order. What is no such archive is an Error. */
export function* filesOfTgz(bytes: Uint8Array): Generator<[name: string, content: Buffer]> {
  const archive = unpacked(bytes);
  let long: string | undefined;
  for (let at = 0; at + BLOCK <= archive.length; ) {
    const head = archive.subarray(at, at + BLOCK);
    if (head[0] === 0) return;
    const size = Number.parseInt(text(head, 124, 12), 8);
    if (!Number.isInteger(size) || at + BLOCK + size > archive.length) throw new Error(CUT_OFF);
    const content = archive.subarray(at + BLOCK, at + BLOCK + size);
    const kind = text(head, 156, 1);
    const prefix = text(head, 345, 155);
    const name = long ?? (prefix ? `${prefix}/${text(head, 0, 100)}` : text(head, 0, 100));
    long = longName(kind, content);
    if (kind === '0' || kind === '') yield [name, content];
    at += BLOCK + Math.ceil(size / BLOCK) * BLOCK;
  }
  throw new Error(CUT_OFF);
}

/** An archive ends with empty blocks. */
const CUT_OFF = 'it is no .tgz, or is cut off';

/** The name of the next file, where it is too long for the head: GNU's way (`L`) or POSIX's (`x`). */
function longName(kind: string, content: Buffer): string | undefined {
  if (kind === 'L') return content.toString('utf8').replace(/\0.*$/s, '');
  return kind === 'x' ? /^\d+ path=(.*)$/m.exec(content.toString('utf8'))?.[1] : undefined;
}

/** Up to the first NUL. */
const text = (head: Buffer, from: number, length: number): string =>
  head
    .subarray(from, from + length)
    .toString('latin1')
    .replace(/\0.*$/s, '')
    .trim();

function unpacked(bytes: Uint8Array): Buffer {
  try {
    return gunzipSync(bytes);
  } catch {
    throw new Error('it is no .tgz: it cannot be unpacked');
  }
}
