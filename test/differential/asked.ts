// Searches by one parameter, made from a value that a resource has: with prefixes, modifiers and forms of the value.
import { type Held, PART_OF } from './brute.ts';
import { BASE, codesOf, localTarget, ownTarget, textsOf } from './brute-kinds.ts';
import { type SpecParameter, type SpecValue, specValues, typedResource } from './spec-values.ts';
import { AMOUNTS, pick, type Random, UCUM } from './world.ts';

export type Asked = [modifier: string, value: string] | undefined;
export type Ask = (random: Random, value: SpecValue, parameter: SpecParameter) => Asked;

/** What stands between values is left out of them: escaping has tests of its own. */
export const plain = (text: string | undefined): text is string => text !== undefined && text.trim() !== '' && !/[,|$\\]/.test(text);
const PREFIXES = ['', '', 'eq', 'ne', 'gt', 'lt', 'ge', 'le', 'sa', 'eb', 'ap'];

/** Kind of parameter → a search that one of its values can meet. Composites: compositeOf. */
export const ASKED: Record<string, Ask> = {
  string(random, value) {
    const text = pick(random, textsOf(value));
    if (!plain(text) || text.length === 0) return undefined;
    const modifier = pick(random, ['', '', 'contains', 'exact']);
    const part =
      modifier === 'exact' && random() < 0.7
        ? text
        : [...text].slice(modifier === 'contains' ? 1 : 0, 1 + Math.ceil(random() * text.length)).join('');
    return plain(part) && /[\p{L}\p{N}]/u.test(part) ? [modifier, part] : undefined;
  },
  token(random, value) {
    const { system, code } = pick(random, codesOf(value)) ?? {};
    const texts =
      ['Coding', 'CodeableConcept'].includes(value.type) && random() < 0.15 ? (value.value as { text?: string; display?: string }) : {};
    const text = texts.text ?? texts.display;
    if (plain(text)) return ['text', text.slice(0, 1 + Math.ceil(random() * text.length))];
    const not = random() < 0.2 ? 'not' : '';
    if (plain(code) && (system === undefined || random() < 0.4)) return [not, code];
    if (system && plain(code) && random() < 0.6) return [not, `${system}|${code}`];
    if (system && random() < 0.5) return [not, `${system}|`];
    const { type, value: number } = value.value as { type?: { coding?: { system?: string; code?: string }[] }; value?: string };
    const coding = value.type === 'Identifier' ? type?.coding?.find((one) => one.system && plain(one.code)) : undefined;
    if (coding && plain(number)) return ['of-type', `${coding.system}|${coding.code}|${number}`];
    return system === null && plain(code) ? [not, `|${code}`] : undefined;
  },
  date(random, { value }) {
    const { start, end } = (typeof value === 'object' ? value : {}) as { start?: string; end?: string };
    if (typeof value === 'string' && !/^\d{4}/.test(value)) return undefined;
    const text = typeof value === 'string' ? value : (start ?? end ?? '2020-02-29');
    const cut = pick(random, [text, text, text.slice(0, 4), text.slice(0, 7), text.slice(0, 10), '2020-03', '1974']);
    return [
      '',
      `${pick(
        random,
        PREFIXES.filter((one) => one !== 'ap'),
      )}${cut}`,
    ];
  },
  number: (random, { value }) => {
    const { value: at } = (typeof value === 'object' ? value : { value }) as { value?: number };
    return ['', `${pick(random, PREFIXES)}${pick(random, [String(at ?? 5), String(Math.round(at ?? 5)), (at ?? 5).toFixed(2), '1'])}`];
  },
  quantity(random, { value }) {
    const { value: at = 5, system, code, unit } = value as { value?: number; system?: string; code?: string; unit?: string };
    const number = pick(random, [String(at), String(at), at.toFixed(2), String(Math.round(at)), '5.4', '0.98']);
    const named =
      system && code && random() < 0.6 ? `|${system}|${code}` : random() < 0.3 && plain(code ?? unit) ? `||${code ?? unit}` : '';
    const elsewhere = named && random() < 0.3 ? `|${UCUM}|${pick(random, AMOUNTS)[1]}` : named;
    return ['', `${pick(random, PREFIXES)}${number}${elsewhere}`];
  },
  reference(random, { type, value }, { targets }) {
    const own = ownTarget(value);
    if (own !== undefined) return ['', own];
    if (type !== 'Reference') return typeof value === 'string' && plain(value) ? ['', value as string] : undefined;
    const { reference, identifier } = value as { reference?: string; identifier?: { system?: string; value?: string } };
    if (identifier && plain(identifier.value))
      return ['identifier', random() < 0.5 && identifier.system ? `${identifier.system}|${identifier.value}` : identifier.value];
    const target = localTarget(reference);
    if (target === undefined) return undefined;
    const [led, id] = target.split('/') as [string, string];
    if (random() < 0.3 && targets.includes(led)) return [led, id];
    if (random() < 0.3 && targets.includes(led) && PART_OF[led]) return [pick(random, ['above', 'below']), target];
    return ['', pick(random, [id, target, target, `${BASE}/${target}`])];
  },
  uri(random, { value }) {
    const text = value as string;
    if (!plain(text)) return undefined;
    if (!text.includes('://') || random() < 0.5) return ['', text];
    return random() < 0.5 ? ['below', text.slice(0, 10 + Math.floor(random() * text.length))] : ['above', `${text}/more`];
  },
  special: (random, { value }) => {
    const { latitude = 0, longitude = 0 } = value as { latitude?: number; longitude?: number };
    return ['', `${latitude}|${longitude}|${pick(random, ['0.5', '2', '500', '9000', '21000'])}|km`];
  },
};

/** A value of a composite, from the values of its components in one occurrence. */
export function compositeOf(random: Random, occurrence: SpecValue, { components }: SpecParameter, resource: Held): Asked {
  const parts = components.map(({ kind, expression }) => {
    const values = specValues(expression, occurrence, typedResource(resource));
    return values.length ? ASKED[kind]!(random, pick(random, values), { kind, targets: [] } as never) : undefined;
  });
  const texts = parts.flatMap((part) => (part?.[0] === '' && !part[1].endsWith('|') ? [part[1]] : []));
  return texts.length === components.length ? ['', texts.join('$')] : undefined;
}
