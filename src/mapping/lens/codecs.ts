// Pairs of pure functions for one value: how it is shown, how it is stored. The only code a mapping can ask for, by name (`as:`).
import { formatSuggestion } from '../../fhir/closest-name.ts';
import { parseExactJson, stringifyJson } from '../../fhir/json.ts';
import { normalizeReference } from '../../fhir/reference.ts';
import { isServed, SERVED_TYPES } from '../../fhir/types.ts';
import type { Env } from '../shape.ts';
import type { FieldSpec } from '../spec.ts';
import { buildWordTable, parseToken, type Token } from './code-table.ts';
import { compileDatePattern, type DatePattern } from './date-pattern.ts';
import type { CodeTables } from './derivations.ts';
import type { IdCodec } from './id-codec.ts';

/** What a codec may need of the surface it works for. */
export interface CodecContext {
  aliases: Readonly<Record<string, string>>;
  ids: IdCodec;
  /** The tables of the surface, by name. */
  tables?: CodeTables;
  /** The type whose id the field shows, for `id`. */
  resource: string;
}

export interface Codec {
  /** Stored → shown; undefined: there is nothing to show. */
  read(stored: unknown, env: Env): unknown;
  /** Shown → stored. Only for values that `fault` finds nothing wrong with. */
  write(shown: unknown, env: Env): unknown;
  /** The rule a shown value breaks: completes "<field> …"; undefined: none. */
  validate?(shown: unknown): string | undefined;
  /** The words a request may use, where they are a closed set. */
  words?: string[];
  /** The resource types a reference may lead to, and the one that a shown value leads to. */
  targets?: string[];
  parseTarget?(shown: unknown): { type: string; id: string } | undefined;
  /** What a text must look like, as a regular expression, and how it is shown, as a pattern (`MM/DD/YYYY`). */
  pattern?: string | undefined;
  format?: string;
}

/** An escaped surrogate: JSON.stringify escapes those that have no other half, and writes a backslash of the text as two. */
const LONE_SURROGATE = /(?<!\\)(?:\\\\)*\\ud[89a-f]/;

type CodecBuilder = (argument: string, field: FieldSpec, context: CodecContext) => Codec;

const DAY_LENGTH = 'YYYY-MM-DD'.length;
const IDENTITY_CODEC: Codec = { read: (value) => value, write: (value) => value };

/** As it stands. A time that is shown as a day (`format: date`) is its day as it was written: in UTC it could be another one. */
const plain: CodecBuilder = (_argument, { format }) =>
  format === 'date' ? { ...IDENTITY_CODEC, read: (stored) => (stored as string).slice(0, DAY_LENGTH) } : IDENTITY_CODEC;

/** A JSON object kept as its text, digits as written. Text that is no JSON is shown as nothing. Half a character would be kept as an escape that few can read. */
const json: CodecBuilder = () => ({
  validate: (shown) => (LONE_SURROGATE.test(JSON.stringify(shown)) ? 'must have texts of well-formed Unicode' : undefined),
  read: (text) => {
    try {
      return parseExactJson(text as string);
    } catch {
      return undefined;
    }
  },
  write: stringifyJson,
});

const ON_THE_MINUTE = /:00(?:\.0+)?$/;
const TIME = /^(?:[01]\d|2[0-3]):[0-5]\d(?::[0-5]\d)?$/;

/** FHIR's times have seconds, the shown ones only where they are not 00. https://hl7.org/fhir/R4/datatypes.html#time */
const time: CodecBuilder = () => ({
  read: (stored) => (ON_THE_MINUTE.test(stored as string) ? (stored as string).slice(0, 5) : stored),
  write: (shown) => ((shown as string).length === 5 ? `${shown}:00` : shown),
  validate: (shown) => (TIME.test(shown as string) ? undefined : 'must be a time as HH:mm, from 00:00 to 23:59'),
});

/**
 * A day of the calendar. Without patterns it is taken in ISO 8601 or as MM/DD/YYYY, and shown as it is stored; with them (`date(DD.MM.YYYY | YYYY-MM-DD)`)
 * it is taken by any of them and shown by the first. With a time it would be another day elsewhere.
 */
const date: CodecBuilder = (argument) => {
  const patterns = parseDatePatterns(argument || 'YYYY-MM-DD | MM/DD/YYYY', 'day');
  const codec = buildDateCodec(patterns, `must be a date of the calendar as ${patterns[0]!.text}`);
  return argument ? codec : { ...codec, read: (stored) => stored, pattern: undefined };
};

/** A time of the world, by patterns: `instant(YYYY-MM-DDThh:mm:ss+hhmm)`. Shown in UTC. */
const instant: CodecBuilder = (argument) => {
  const patterns = parseDatePatterns(argument || 'YYYY-MM-DDThh:mm:ss.SSS+hh:mm', 'instant');
  return buildDateCodec(patterns, `must be an instant as ${patterns[0]!.text}`);
};

const parseDatePatterns = (argument: string, kind: 'day' | 'instant'): DatePattern[] =>
  argument.split('|').map((text) => compileDatePattern(text.trim(), kind));

function buildDateCodec(patterns: DatePattern[], rule: string): Codec {
  const stored = (text: string): string | undefined => patterns.map(({ parse }) => parse(text)).find((one) => one !== undefined);
  return {
    pattern: patterns.map(({ pattern }) => pattern).join('|'),
    format: patterns[0]!.text,
    read: (value) => patterns[0]!.format(value as string),
    write: (shown) => stored(shown as string),
    validate: (shown) => (stored(shown as string) === undefined ? rule : undefined),
  };
}

/** The resource's own id. */
const id: CodecBuilder = (_argument, _field, { ids, resource }) => ({
  read: (value, env) => ids.encodeId(resource, value as string, env),
  write: (value) => value,
});

/**
 * A reference to one type, shown as the id of what it leads to; to one of several (`reference(Practitioner, Location)`), shown as type and id. References to
 * other types, and to other servers, are shown as nothing.
 */
const reference: CodecBuilder = (argument, _field, { ids }) => {
  const targets = argument.split(',').map((type) => type.trim());
  const unknown = targets.find((type) => !isServed(type));
  if (unknown === '') throw new Error('say which type it leads to: reference(Patient)');
  if (unknown !== undefined)
    throw new Error(`${unknown} is not served${formatSuggestion(unknown, SERVED_TYPES)}; there are ${SERVED_TYPES.join(', ')}`);
  const several = targets.length > 1;
  const ledTo = (types: string[], shown: string): { type: string; id: string }[] =>
    types.flatMap((type) => {
      const id = ids.decodeId(type, shown);
      return id === undefined ? [] : [{ type, id }];
    });
  const leads = (shown: unknown): { type: string; id: string } | undefined => {
    const text = shown as string;
    const slash = several ? text.indexOf('/') : -1;
    const found =
      slash < 0
        ? ledTo(targets, text)
        : ledTo(
            targets.filter((type) => type === text.slice(0, slash)),
            text.slice(slash + 1),
          );
    return found.length === 1 ? found[0] : undefined;
  };
  return {
    targets,
    parseTarget: leads,
    read: (stored, env) => {
      const [type = '', id] = normalizeReference(stored as string, env.baseUrl ?? '')?.split('/') ?? [];
      if (!targets.includes(type)) return undefined;
      return `${several ? `${type}/` : ''}${ids.encodeId(type, id!, env)}`;
    },
    write: (shown, env) => {
      const { type, id } = leads(shown)!;
      return `${type}/${env.resolved?.get(id) ?? id}`;
    },
    validate: (shown) =>
      leads(shown) === undefined
        ? `must be the id of ${/^[AEIO]/.test(targets[0]!) ? 'an' : 'a'} ${targets.join(' or ')}${several ? ', as type/id' : ''}`
        : undefined,
  };
};

const describeWords = (words: string[]): string => `must be one of ${words.join(', ')}`;

/** A word for a coding. A coding that the table does not have is shown by its code. */
const coding: CodecBuilder = (_argument, { codes = {} }, { aliases }) => {
  const table = buildWordTable(
    Object.fromEntries(Object.entries(codes).map(([word, text]) => [word, parseToken(String(text), aliases)])),
    ({ system, code }) => `${system}|${code}`,
  );
  return {
    words: table.words,
    read: (stored) => table.findWord(stored as Token) ?? (stored as Partial<Token>).code,
    write: (word) => table.findValue(word as string),
    validate: (word) => (table.findValue(word as string) === undefined ? describeWords(table.words) : undefined),
  };
};

/** In free text only letters and digits tell words apart: `Non-binary` is `nonbinary`. */
const normalizeWord = (word: string): string =>
  word
    .normalize('NFKC')
    .toLowerCase()
    .replace(/[^\p{L}\p{N}]/gu, '');

/**
 * A word for a code, a boolean or a URL. `synonyms:` and `otherwise:` take further words; field-scalar.ts keeps those beside the code. With `otherwise:` any
 * text is taken, and case, spaces and marks make no other word.
 */
const code: CodecBuilder = (_argument, { codes = {}, synonyms = {}, otherwise }, { aliases }) => {
  const resolved = Object.entries(codes).map(([word, value]) => [
    word,
    typeof value === 'string' && value.startsWith('%') ? aliases[value.slice(1)]! : value,
  ]);
  const coded = Object.fromEntries(resolved) as Record<string, string | boolean>;
  const table = buildWordTable(coded, String);
  const free = new Map(
    otherwise === undefined ? [] : Object.entries({ ...synonyms, ...coded }).map(([word, value]) => [normalizeWord(word), value]),
  );
  const storedFor = (word: string) =>
    table.findValue(word) ?? (Object.hasOwn(synonyms, word) ? synonyms[word] : (free.get(normalizeWord(word)) ?? otherwise));
  const words = [...table.words, ...Object.keys(synonyms)];
  return {
    ...(otherwise === undefined && { words }),
    read: (stored) => table.findWord(stored as string | boolean) ?? stored,
    write: (word) => storedFor(word as string),
    validate: (word) => (storedFor(word as string) === undefined ? describeWords(words) : undefined),
  };
};

/** Several codes for one word, for what tells more apart than a vendor does: a code that no word is for is shown as nothing. */
const reads: CodecBuilder = (_argument, { reads: table = {} }) => {
  const words = [...new Set(Object.values(table))];
  const codes = new Map(
    Object.entries(table)
      .map(([code, word]): [string, string] => [word, code])
      .reverse(),
  );
  return {
    words,
    read: (stored) => (Object.hasOwn(table, stored as string) ? table[stored as string] : undefined),
    write: (word) => codes.get(word as string),
    validate: (word) => (codes.has(word as string) ? undefined : describeWords(words)),
  };
};

/** Whether the stored word is this one, which cannot be taken apart again; without a word, whether anything is stored but false. */
const is: CodecBuilder = (word, { readOnly }) => {
  if (word !== '' && !readOnly) throw new Error('is() cannot say what else it is: the field must be readOnly');
  return { read: (stored) => (word === '' ? stored !== false : stored === word), write: (said) => said };
};

const CODEC_BUILDERS: Record<string, CodecBuilder> = { plain, json, time, date, instant, id, reference, coding, code, reads, is };

/** What may be written after `as:`; `plain`, `code` and `id` are what a field without it has. The last four look at several elements (field-of.ts). */
const CODEC_NAMES = [
  ...Object.keys(CODEC_BUILDERS).filter((name) => !['plain', 'code', 'id'].includes(name)),
  'concept',
  'keyed',
  'joined',
  'latest',
  'paragraphs',
];

/** The codec a field asks for: by `as:`, else by what else it says. An Error when there is none of that name. */
export function buildCodec(field: FieldSpec, context: CodecContext): Codec {
  const standard = field.codes ? 'code' : field.reads ? 'reads' : field.fhir === 'id' ? 'id' : 'plain';
  const [, name = '', argument = ''] = /^(\w+)(?:\((.*)\))?$/.exec(field.as ?? standard) ?? [];
  const maker = Object.hasOwn(CODEC_BUILDERS, name) ? CODEC_BUILDERS[name] : undefined;
  if (/\([^)]*$/.test(field.as ?? '')) throw new Error(`${field.as}: its bracket is not closed`);
  if (!maker) throw new Error(`there is no codec ${field.as}${formatSuggestion(name, CODEC_NAMES)}; there are ${CODEC_NAMES.join(', ')}`);
  return maker(argument, field, context);
}
