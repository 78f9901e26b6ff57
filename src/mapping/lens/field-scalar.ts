// A field with one value: fallback paths, the original word beside a code, values derived from a text.

import { toList, toText } from '../../fhir/json-values.ts';
import type { WritablePath } from '../../fhir/writable-path/path.ts';
import type { Env } from '../shape.ts';
import type { FieldSpec } from '../spec.ts';
import { buildCodec, URL_CODEC } from './codecs.ts';
import { type Derivation, findDerivation, type TextParts } from './derivations.ts';
import { buildElementReader, compileRequiredPaths, type Field, type FieldBuilder, type FieldContext, type ResourceState } from './field.ts';
import { withItemOverride, withSuppressedFallback } from './field-overrides.ts';

/** https://hl7.org/fhir/R4/extension-originaltext.html */
const ORIGINAL_TEXT = 'http://hl7.org/fhir/StructureDefinition/originalText';

export const buildScalarField: FieldBuilder = (name, spec, context) => {
  const paths = compileRequiredPaths(spec, context);
  const [main] = paths;
  const { as, codes, reads } = spec;
  const codec = main.type === 'url' && !as && !codes && !reads ? URL_CODEC : buildCodec(spec, context);
  const sources = paths.map((path) => ({ slot: context.slot(path), ...buildElementReader(spec, path.type, context.names) }));
  const field: Field = {
    name,
    spec,
    keyPath: [...context.keyPath, name],
    codec,
    paths,
    writtenPaths: [main],
    toStored: (value, env) => [{ type: main.type, value: codec.write(value, env) }],
    read(now) {
      for (let index = 0; index < sources.length; index++) {
        const { slot, read } = sources[index]!;
        for (const element of now.slots[slot]!) {
          const value = read(element, now.env);
          const decoded = value === undefined ? undefined : decodeValue(field, index, value, now.env);
          if (decoded !== undefined) return decoded;
        }
      }
      return undefined;
    },
    assign(value, { env }, changes) {
      changes[sources[0]!.slot] = value === undefined ? [] : [codec.write(value, env)];
    },
  };
  const combined = withSecondValues(field, main, context);
  if (spec.own) return withItemOverride(combined, spec.own, context);
  return spec.declined === undefined ? combined : withSuppressedFallback(combined, spec.declined, context);
};

function withSecondValues(field: Field, main: WritablePath, context: FieldContext): Field {
  const { derived, synonyms, otherwise } = field.spec;
  if (derived) return withDerivedParts(field, derived, context);
  return synonyms || otherwise ? withOriginalWord(field, main, context) : field;
}

/** The code table applies to the first path; values of other paths are shown as stored. */
function decodeValue({ spec, codec, paths }: Field, index: number, value: unknown, env: Env): unknown {
  if (index > 0 && spec.codes) return value;
  const decoded = codec.read(value, env);
  const unknown = spec.codes && paths.length > 1 && (codec.words ? !codec.words.includes(toText(decoded)) : decoded === value);
  return unknown ? undefined : decoded;
}

/** Types that can hold the original word in an extension. */
const WORD_TYPES = ['code', 'string', 'uri'];

/**
 * For many words with one code, stores the original word in an extension of the code. The word is shown while it translates to the code, or while the code is that
 * of `otherwise:`, because an earlier version of the table may not have had the word.
 */
function withOriginalWord(field: Field, main: WritablePath, context: FieldContext): Field {
  const {
    codec,
    spec: { otherwise },
  } = field;
  if (!WORD_TYPES.includes(main.type) || main.text.endsWith(')'))
    throw new Error(
      `synonyms: and otherwise: keep a word beside a code, and ${main.text} is of type ${main.type}: write codes: or reads: alone`,
    );
  const path = context.names.compile(`${main.text.replace(/(\w+)$/, '_$1')}.extension('${ORIGINAL_TEXT}').value.ofType(string)`);
  const [slot, codeSlot] = [context.slot(path), context.slot(main)];
  return {
    ...field,
    writtenPaths: [...field.writtenPaths, path],
    toStored: (value, env) => [...field.toStored(value, env), { type: path.type, value }],
    read(now) {
      const word = now.slots[slot]![0];
      const code = now.slots[codeSlot]![0];
      const isMeant = code !== undefined && word !== undefined && (code === otherwise || codec.write(word, now.env) === code);
      return isMeant ? word : field.read(now);
    },
    assign(value, now, changes) {
      field.assign(value, now, changes);
      const isStoredExactly = value === undefined || codec.read(codec.write(value, now.env), now.env) === value;
      changes[slot] = isStoredExactly ? [] : [value];
    },
  };
}

/** A text with derived values, which are written together. When a client has corrected the values, they are shown instead of the text. */
function withDerivedParts(field: Field, { as, ...texts }: NonNullable<FieldSpec['derived']>, context: FieldContext): Field {
  const rule = findDerivation(as, context.tables);
  const unknownPart = rule.names.find((part) => !(part in texts)) ?? Object.keys(texts).find((part) => !rule.names.includes(part));
  if (unknownPart) throw new Error(`${as} has the parts ${rule.names.join(', ')}: ${unknownPart} is missing, or none of them`);
  const parts = rule.names
    .map((part) => ({ part, path: context.names.compile(texts[part]!) }))
    .map((form) => ({ ...form, slot: context.slot(form.path) }));
  const partsNow = ({ slots }: ResourceState): TextParts => {
    const now: TextParts = {};
    for (const { part, slot } of parts) now[part] = toList(slots[slot]).map(toText);
    return now;
  };
  const text = context.slot(field.paths[0]!);
  return {
    ...field,
    writtenPaths: [...field.writtenPaths, ...parts.map(({ path }) => path)],
    toStored(value, env) {
      const split = rule.split(toText(value));
      const own = findStoredText(rule, value) === undefined ? [] : field.toStored(value, env);
      return [...own, ...parts.flatMap(({ part, path }) => (split[part] ?? []).map((text) => ({ type: path.type, value: text })))];
    },
    read(now) {
      const [stored] = now.slots[text]!;
      return rule.compose(stored === undefined ? undefined : toText(stored), partsNow(now));
    },
    assign(value, now, changes) {
      const split = value === undefined ? {} : rule.split(toText(value));
      field.assign(findStoredText(rule, value), now, changes);
      for (const { part, slot } of parts) changes[slot] = split[part] ?? [];
    },
  };
}

const findStoredText = (rule: Derivation, text: unknown): unknown =>
  text !== undefined && rule.keepsText(toText(text)) ? text : undefined;

/** A boolean that is also true while another path has a value (deceased: yes, or a date). Writing true sets the boolean only when no other path has a value. */
export const buildPresenceField: FieldBuilder = (name, spec, context) => {
  const field: Field = buildScalarField(name, spec, context);
  const [firstPath, ...others] = field.paths;
  if (firstPath?.type !== 'boolean') throw new Error('as: is can be written only where its first path leads to a boolean');
  const slot = context.slot(firstPath);
  const formSlots = [slot, ...others.map((path) => context.slot(path))];
  return {
    ...field,
    finish(value, { slots }, changes) {
      const hasValue = formSlots.some((formSlot) => (changes[formSlot] ?? slots[formSlot]!).some((change) => change !== false));
      if (value === true && !hasValue) changes[slot] = [true];
    },
  };
};
