// Encodes and decodes the ids that a surface shows: a UUID, or a prefix and the UUID in base 36. A FHIR id that is not a UUID is shown by its alias.
import type { Env, Surface } from '../shape.ts';
import type { SurfaceSpec } from '../spec.ts';

export type IdCodec = Pick<Surface, 'encodeId' | 'decodeId'>;

const UUID = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;
const DIGITS = /^[0-9a-z]{1,25}$/;

/** Without `ids:` every id is shown as a UUID. */
export function buildIdCodec({ ids }: Pick<SurfaceSpec, 'ids'>): IdCodec {
  const prefixOf = (type: string): string | undefined => ids?.prefixes[type];
  return {
    encodeId(type: string, id: string, env: Env): string {
      const uuid = UUID.test(id) ? id : env.alias(type, id);
      const prefix = prefixOf(type);
      return prefix === undefined ? uuid : prefix + toBase36(uuid).padStart(ids!.width, '0');
    },
    decodeId(type: string, shownId: string): string | undefined {
      const prefix = prefixOf(type);
      if (prefix !== undefined && shownId.startsWith(prefix)) return fromBase36(shownId.slice(prefix.length), ids!.width);
      const lower = shownId.toLowerCase();
      return UUID.test(lower) ? lower : undefined;
    },
  };
}

const toBase36 = (uuid: string): string => BigInt(`0x${uuid.replaceAll('-', '')}`).toString(36);

/** Base 36 → UUID; undefined when `encodeId` cannot produce these digits. */
function fromBase36(digits: string, width: number): string | undefined {
  if (!DIGITS.test(digits) || digits.length < width || (digits.length > width && digits.startsWith('0'))) return undefined;
  let number = 0n;
  for (const digit of digits) number = number * 36n + BigInt(Number.parseInt(digit, 36));
  if (number >> 128n) return undefined;
  return number
    .toString(16)
    .padStart(32, '0')
    .replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');
}
