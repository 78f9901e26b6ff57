// A field with one value: where it is looked for, which word stands beside its code, which parts follow from its text.

import type { Env } from '../shape.ts';
import type { FieldSpec } from '../spec.ts';
import { codecOf } from './codecs.ts';
import { type Derivation, derivationOf, type Parts } from './derivations.ts';
import { type Field, type FieldContext, type FieldMaker, lookInto, type Now, pathsOf } from './field.ts';
import { withDeclined } from './field-declined.ts';
import { withOwnWord } from './field-own.ts';

/** https://hl7.org/fhir/R4/extension-originaltext.html */
const ORIGINAL_TEXT = 'http://hl7.org/fhir/StructureDefinition/originalText';

export const scalarField: FieldMaker = (name, spec, context) => {
  const paths = pathsOf(spec, context);
  const [main] = paths;
  if (!main) throw new Error('it needs fhir: or at:');
  const codec = codecOf(spec, context);
  const sources = paths.map((path) => ({ slot: context.slot(path), ...lookInto(spec, path.type, context.names) }));
  const field: Field = {
    name,
    spec,
    at: [...context.at, name],
    codec,
    paths,
    written: [main],
    stores: (value, env) => [{ type: main.type, value: codec.write(value, env) }],
    show(now) {
      for (let nth = 0; nth < sources.length; nth++) {
        const { slot, look } = sources[nth]!;
        for (const element of now.slots[slot]!) {
          const value = look(element, now.env);
          const shown = value === undefined ? undefined : shownAs(field, nth, value, now.env);
          if (shown !== undefined) return shown;
        }
      }
      return undefined;
    },
    assign(value, { env }, changes) {
      changes[sources[0]!.slot] = value === undefined ? [] : [codec.write(value, env)];
    },
  };
  const whole = inWords(field, context);
  if (spec.own) return withOwnWord(whole, spec.own, context);
  return spec.declined === undefined ? whole : withDeclined(whole, spec.declined, context);
};

function inWords(field: Field, context: FieldContext): Field {
  const { derived, synonyms, otherwise } = field.spec;
  if (derived) return withParts(field, derived, context);
  return synonyms || otherwise ? withWord(field, context) : field;
}

/** A code table belongs to the first path: what it does not know is left to the others, which are shown as they stand. */
function shownAs({ spec, codec, paths }: Field, nth: number, value: unknown, env: Env): unknown {
  if (nth > 0 && spec.codes) return value;
  const shown = codec.read(value, env);
  const unknown = spec.codes && paths.length > 1 && (codec.words ? !codec.words.includes(shown as string) : shown === value);
  return unknown ? undefined : shown;
}

/** What a word can stand beside; not where a choice is made. */
const WORDED = ['code', 'string', 'uri'];

/**
 * Many words for one code: the word stands beside the code, and is shown while it still means it, or while the code is that of words no table knows: an earlier
 * table may not have known this one.
 */
function withWord(field: Field, context: FieldContext): Field {
  const {
    codec,
    spec: { otherwise },
  } = field;
  const [main] = field.paths as [Field['paths'][number]];
  if (!WORDED.includes(main.type) || main.text.endsWith(')'))
    throw new Error(
      `synonyms: and otherwise: keep a word beside a code, and ${main.text} is of type ${main.type}: write codes: or reads: alone`,
    );
  const path = context.names.path(`${main.text.replace(/(\w+)$/, '_$1')}.extension('${ORIGINAL_TEXT}').value.ofType(string)`);
  const [slot, codeSlot] = [context.slot(path), context.slot(main)];
  return {
    ...field,
    written: [...field.written, path],
    stores: (value, env) => [...field.stores(value, env), { type: path.type, value }],
    show(now) {
      const word = now.slots[slot]![0];
      const code = now.slots[codeSlot]![0];
      const isMeant = code !== undefined && word !== undefined && (code === otherwise || codec.write(word, now.env) === code);
      return isMeant ? word : field.show(now);
    },
    assign(value, now, changes) {
      field.assign(value, now, changes);
      const plain = value === undefined || codec.read(codec.write(value, now.env), now.env) === value;
      changes[slot] = plain ? [] : [value];
    },
  };
}

/** A text with parts: written together, and the parts are asked when the text is shown. */
function withParts(field: Field, { as, ...texts }: NonNullable<FieldSpec['derived']>, context: FieldContext): Field {
  const rule = derivationOf(as, context.tables);
  const wrong = rule.names.find((part) => !(part in texts)) ?? Object.keys(texts).find((part) => !rule.names.includes(part));
  if (wrong) throw new Error(`${as} has the parts ${rule.names.join(', ')}: ${wrong} is missing, or none of them`);
  const parts = rule.names
    .map((part) => ({ part, path: context.names.path(texts[part]!) }))
    .map((one) => ({ ...one, slot: context.slot(one.path) }));
  const partsNow = ({ slots }: Now): Parts => {
    const now: Parts = {};
    for (const { part, slot } of parts) now[part] = slots[slot] as string[];
    return now;
  };
  const text = context.slot(field.paths[0]!);
  return {
    ...field,
    written: [...field.written, ...parts.map(({ path }) => path)],
    stores(value, env) {
      const split = rule.partsOf(value as string);
      const own = kept(rule, value as string) === undefined ? [] : field.stores(value, env);
      return [...own, ...parts.flatMap(({ part, path }) => (split[part] ?? []).map((text) => ({ type: path.type, value: text })))];
    },
    show: (now) => rule.textOf(now.slots[text]![0] as string | undefined, partsNow(now)),
    assign(value, now, changes) {
      const split = value === undefined ? {} : rule.partsOf(value as string);
      field.assign(kept(rule, value as string | undefined), now, changes);
      for (const { part, slot } of parts) changes[slot] = split[part] ?? [];
    },
  };
}

const kept = (rule: Derivation, text: string | undefined): string | undefined =>
  text !== undefined && rule.keepsText(text) ? text : undefined;
