// Codecs (`as:`): pure functions that convert one value between FHIR and the vendor's JSON.

import { formatSuggestion } from '../../fhir/closest-name.ts';
import { parseExactJson, stringifyJson } from '../../fhir/json.ts';
import { toRecord, toText } from '../../fhir/json-values.ts';
import { isRelativeReference, normalizeReference } from '../../fhir/reference.ts';
import { isServed, type ServedType } from '../../fhir/types.ts';
import { UCUM_SYSTEM } from '../../fhir/ucum.ts';
import { explainUnservedType } from '../../fhir/unserved-type.ts';
import type { Env } from '../shape.ts';
import type { FieldSpec } from '../spec.ts';
import { buildWordTable, parseToken } from './code-table.ts';
import { compileDatePattern, type DatePattern } from './date-pattern.ts';
import type { CodeTables } from './derivations.ts';
import type { IdCodec } from './id-codec.ts';

/** The parts of a surface that codecs need. */
export interface CodecContext {
  aliases: Readonly<Record<string, string>>;
  ids: IdCodec;
  /** The code tables of the surface, by name. */
  tables?: CodeTables;
  /** The type whose id the field shows, for `id`. */
  resource: string;
}

export interface Codec {
  /** Stored → shown; undefined: nothing to show. */
  read(stored: unknown, env: Env): unknown;
  /** Shown → stored. Only for values that `validate` accepts. */
  write(shown: unknown, env: Env): unknown;
  /** The error in a shown value, to complete "<field> …"; undefined: none. */
  validate?(shown: unknown): string | undefined;
  /** The accepted words, where they are a closed set. */
  words?: string[];
  /** For references: the target types, and the target of a shown value. */
  targets?: ServedType[];
  parseTarget?(shown: unknown): CodecTarget | undefined;
  /** The format of a text as a regular expression, and as a date pattern (`MM/DD/YYYY`). */
  pattern?: string | undefined;
  format?: string;
}

/** The target of a reference. */
interface CodecTarget {
  type: ServedType;
  id: string;
}

type ReferenceCodec = Codec & Required<Pick<Codec, 'targets' | 'parseTarget' | 'validate'>>;

/** A lone surrogate in JSON: JSON.stringify escapes it, and writes a backslash of the text as two. */
const LONE_SURROGATE = /(?<!\\)(?:\\\\)*\\ud[89a-f]/;

type CodecBuilder = (argument: string, field: FieldSpec, context: CodecContext) => Codec;

const DAY_LENGTH = 'YYYY-MM-DD'.length;
/** For fields that convert their value themselves. */
export const NO_CODEC: Codec = { read: () => undefined, write: () => undefined };

/** Shows the stored value unchanged. */
export const IDENTITY_CODEC: Codec = { read: (value) => value, write: (value) => value };

/**
 * For FHIR's `url`: the place of a content. R4 interprets a relative one relative to the FHIR base URL, which clients of a vendor's API do not use, so it is shown
 * as an absolute one and stored as a relative one. https://hl7.org/fhir/R4/datatypes-definitions.html#Attachment.url
 */
export const URL_CODEC: Codec = {
  read: (stored, { clientBaseUrl = '' }) =>
    clientBaseUrl !== '' && isRelativeReference(toText(stored)) ? `${clientBaseUrl}/${stored}` : stored,
  write: (shown, { clientBaseUrl = '' }) => {
    const path = toText(shown).slice(clientBaseUrl.length + 1);
    return clientBaseUrl !== '' && shown === `${clientBaseUrl}/${path}` && isRelativeReference(path) ? path : shown;
  },
};

/** The stored value. With `format: date`, a time is shown as its day in its own time zone. */
const buildPlainCodec: CodecBuilder = (_argument, { format }) =>
  format === 'date' ? { ...IDENTITY_CODEC, read: (stored) => toText(stored).slice(0, DAY_LENGTH) } : IDENTITY_CODEC;

/** A JSON object stored as text, with its digits. Invalid JSON is not shown. Lone surrogates are refused. */
const buildJsonCodec: CodecBuilder = () => ({
  validate: (value) => (LONE_SURROGATE.test(JSON.stringify(value)) ? 'must have texts of well-formed Unicode' : undefined),
  read: (text) => {
    try {
      return parseExactJson(toText(text));
    } catch {
      return undefined;
    }
  },
  write: stringifyJson,
});

const ON_THE_MINUTE = /:00(?:\.0+)?$/;
const TIME = /^(?:[01]\d|2[0-3]):[0-5]\d(?::[0-5]\d)?$/;

const WITH_SECONDS = 'hh:mm:ss';

/** FHIR's times always have seconds. 00 is not shown, except by `time(hh:mm:ss)`. Both forms are accepted. https://hl7.org/fhir/R4/datatypes.html#time */
const buildTimeCodec: CodecBuilder = (argument) => {
  if (argument !== '' && argument !== WITH_SECONDS) throw new Error(`time has no form ${argument}: write time or time(${WITH_SECONDS})`);
  return { ...TIME_CODEC, ...(argument === WITH_SECONDS && { read: (stored) => stored }) };
};

const TIME_CODEC: Codec = {
  read: (stored) => (ON_THE_MINUTE.test(toText(stored)) ? toText(stored).slice(0, 5) : stored),
  write: (value) => (toText(value).length === 5 ? `${value}:00` : value),
  validate: (value) => (TIME.test(toText(value)) ? undefined : 'must be a time as HH:mm, from 00:00 to 23:59'),
};

/**
 * A day. Without patterns, ISO 8601 and MM/DD/YYYY are accepted, and the stored text is shown. With patterns (`date(DD.MM.YYYY | YYYY-MM-DD)`), any is
 * accepted and the first is shown.
 */
const buildDayCodec: CodecBuilder = (argument) => {
  const patterns = parseDatePatterns(argument || 'YYYY-MM-DD | MM/DD/YYYY', 'day');
  const codec = buildPatternCodec(patterns, `must be a date of the calendar as ${patterns[0]!.text}`);
  return argument ? codec : { ...codec, read: (stored) => stored, pattern: undefined };
};

/** A point in time by patterns, `instant(YYYY-MM-DDThh:mm:ss+hhmm)`; shown in UTC. */
const buildInstantCodec: CodecBuilder = (argument) => {
  const patterns = parseDatePatterns(argument || 'YYYY-MM-DDThh:mm:ss.SSS+hh:mm', 'instant');
  return buildPatternCodec(patterns, `must be an instant as ${patterns[0]!.text}`);
};

const parseDatePatterns = (argument: string, kind: 'day' | 'instant'): DatePattern[] =>
  argument.split('|').map((text) => compileDatePattern(text.trim(), kind));

function buildPatternCodec(patterns: DatePattern[], rule: string): Codec {
  const parseAny = (text: string): string | undefined => {
    for (const { parse } of patterns) {
      const parsed = parse(text);
      if (parsed !== undefined) return parsed;
    }
    return undefined;
  };
  return {
    pattern: patterns.map(({ pattern }) => pattern).join('|'),
    format: patterns[0]!.text,
    read: (value) => patterns[0]!.format(toText(value)),
    write: (value) => parseAny(toText(value)),
    validate: (value) => (parseAny(toText(value)) === undefined ? rule : undefined),
  };
}

/** The resource's own id. */
const buildIdValueCodec: CodecBuilder = (_argument, _field, { ids, resource }) => ({
  read: (value, env) => ids.encodeId(resource, toText(value), env),
  write: (value) => value,
});

/**
 * A reference, shown as the id of its target; with several types (`reference(Practitioner, Location)`), as `type/id`. References to other types or servers are
 * not shown.
 */
export function buildReferenceCodec(argument: string, { ids }: Pick<CodecContext, 'ids'>): ReferenceCodec {
  const names = argument.split(',').map((type) => type.trim());
  const targets = names.filter(isServed);
  const unknown = names.find((type) => !isServed(type));
  if (unknown === '') throw new Error('name the type of the target: reference(Patient)');
  if (unknown !== undefined) throw new Error(explainUnservedType(unknown));
  const isPolymorphic = targets.length > 1;
  const decode = (types: ServedType[], value: string): CodecTarget[] =>
    types.flatMap((type) => {
      const id = ids.decodeId(type, value);
      return id === undefined ? [] : [{ type, id }];
    });
  const parseTarget = (value: unknown): CodecTarget | undefined => {
    const text = toText(value);
    const slash = isPolymorphic ? text.indexOf('/') : -1;
    const found =
      slash < 0
        ? decode(targets, text)
        : decode(
            targets.filter((type) => type === text.slice(0, slash)),
            text.slice(slash + 1),
          );
    return found.length === 1 ? found[0] : undefined;
  };
  return {
    targets,
    parseTarget,
    read: (stored, env) => {
      const [type = '', id] = normalizeReference(toText(stored), env.baseUrl ?? '')?.split('/') ?? [];
      if (!targets.some((target) => target === type)) return undefined;
      return `${isPolymorphic ? `${type}/` : ''}${ids.encodeId(type, id!, env)}`;
    },
    write: (value, env) => {
      const { type, id } = parseTarget(value)!;
      return `${type}/${env.resolved?.get(id) ?? id}`;
    },
    validate: (value) =>
      parseTarget(value) === undefined
        ? `must be the id of ${/^[AEIO]/.test(targets[0]!) ? 'an' : 'a'} ${targets.join(' or ')}${isPolymorphic ? ', as type/id' : ''}`
        : undefined,
  };
}

const describeWords = (words: string[]): string => `must be one of ${words.join(', ')}`;

/** A word for a coding. A coding without a word is shown as its code. */
const buildCodingCodec: CodecBuilder = (_argument, { codes = {} }, { aliases }) => {
  const table = buildWordTable(
    Object.fromEntries(Object.entries(codes).map(([word, text]) => [word, parseToken(String(text), aliases)])),
    ({ system, code }) => `${system}|${code}`,
  );
  return {
    words: table.words,
    read: (stored) => {
      const { system, code } = toRecord(stored);
      return table.findWord({ system: toText(system), code: toText(code) }) ?? code;
    },
    write: (word) => table.findValue(toText(word)),
    validate: (word) => (table.findValue(toText(word)) === undefined ? describeWords(table.words) : undefined),
  };
};

/** Compares free text by letters and digits only: `Non-binary` is `nonbinary`. */
const normalizeWord = (word: string): string =>
  word
    .normalize('NFKC')
    .toLowerCase()
    .replace(/[^\p{L}\p{N}]/gu, '');

/**
 * A word for a code, a boolean or a URL. `synonyms:` and `otherwise:` accept more words, which field-scalar.ts stores beside the code. With `otherwise:` any text
 * is accepted, and only letters and digits are compared.
 */
const buildCodeCodec: CodecBuilder = (_argument, { codes = {}, synonyms = {}, otherwise }, { aliases }) => {
  const resolved = Object.entries(codes).map(([word, value]): [string, string | boolean] => [
    word,
    typeof value === 'string' && value.startsWith('%') ? aliases[value.slice(1)]! : value,
  ]);
  const coded = Object.fromEntries(resolved);
  const table = buildWordTable(coded, String);
  const free = new Map(
    otherwise === undefined ? [] : Object.entries({ ...synonyms, ...coded }).map(([word, value]) => [normalizeWord(word), value]),
  );
  const storedFor = (word: string) =>
    table.findValue(word) ?? (Object.hasOwn(synonyms, word) ? synonyms[word] : (free.get(normalizeWord(word)) ?? otherwise));
  const words = [...table.words, ...Object.keys(synonyms)];
  return {
    ...(otherwise === undefined && { words }),
    read: (stored) => table.findWord(typeof stored === 'boolean' ? stored : toText(stored)) ?? stored,
    write: (word) => storedFor(toText(word)),
    validate: (word) => (storedFor(toText(word)) === undefined ? describeWords(words) : undefined),
  };
};

/** Several codes for one word. A code without a word is not shown. */
const buildReadsCodec: CodecBuilder = (_argument, { reads: table = {} }) => {
  const words = [...new Set(Object.values(table))];
  const codes = new Map(
    Object.entries(table)
      .map(([code, word]): [string, string] => [word, code])
      .reverse(),
  );
  return {
    words,
    read: (stored) => (Object.hasOwn(table, toText(stored)) ? table[toText(stored)] : undefined),
    write: (word) => codes.get(toText(word)),
    validate: (word) => (codes.has(toText(word)) ? undefined : describeWords(words)),
  };
};

/** `is(word)`: whether the stored value is the word (read only); `is`: whether a value other than false is stored. */
const buildIsCodec: CodecBuilder = (word, { readOnly }) => {
  if (word !== '' && !readOnly) throw new Error('is(word) can only be read: the field must be readOnly');
  return { read: (stored) => (word === '' ? stored !== false : stored === word), write: (value) => value };
};

/** The number of a quantity in this UCUM unit (`quantity(min)`). A quantity in another unit, or with a comparator, is not shown. A new value replaces the whole quantity. */
const buildQuantityCodec: CodecBuilder = (code) => {
  if (code === '') throw new Error('quantity needs a UCUM unit: write quantity(min)');
  return {
    read: (stored) => {
      const { value, comparator, system, code: unit } = toRecord(stored);
      return system === UCUM_SYSTEM && unit === code && comparator === undefined ? value : undefined;
    },
    write: (value) => ({ value, unit: code, system: UCUM_SYSTEM, code }),
  };
};

/** A codec of a new name also needs a row in mapping/load/value-kinds.ts. */
const CODEC_BUILDERS: Record<string, CodecBuilder> = {
  plain: buildPlainCodec,
  json: buildJsonCodec,
  time: buildTimeCodec,
  date: buildDayCodec,
  instant: buildInstantCodec,
  id: buildIdValueCodec,
  reference: (argument, _field, context) => buildReferenceCodec(argument, context),
  coding: buildCodingCodec,
  code: buildCodeCodec,
  reads: buildReadsCodec,
  is: buildIsCodec,
  quantity: buildQuantityCodec,
};

/** The names for `as:`. `plain`, `code` and `id` are used without it. The last five are kinds of fields (field-builder.ts). */
export const CODEC_NAMES = [
  ...Object.keys(CODEC_BUILDERS).filter((name) => !['plain', 'code', 'id'].includes(name)),
  'concept',
  'keyed',
  'joined',
  'latest',
  'paragraphs',
];

/** The codec of a field, by `as:` or by its other keywords. Throws for an unknown name. */
export function buildCodec(field: FieldSpec, context: CodecContext): Codec {
  const standard = field.codes ? 'code' : field.reads ? 'reads' : field.fhir === 'id' ? 'id' : 'plain';
  const [, name = '', argument = ''] = /^(\w+)(?:\((.*)\))?$/.exec(field.as ?? standard) ?? [];
  const maker = Object.hasOwn(CODEC_BUILDERS, name) ? CODEC_BUILDERS[name] : undefined;
  if (/\([^)]*$/.test(field.as ?? '')) throw new Error(`${field.as}: a bracket is not closed`);
  if (!maker) throw new Error(`there is no codec ${field.as}${formatSuggestion(name, CODEC_NAMES)}; there are ${CODEC_NAMES.join(', ')}`);
  return maker(argument, field, context);
}
