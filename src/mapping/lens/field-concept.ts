// A field that is a concept in either of two forms: a text, or an object of system, code and display. It leads to a CodeableConcept; one with a code is
// shown as an object, any other as its text. Another concept takes the place of the one before as a whole: its words were of that one.
// https://hl7.org/fhir/R4/datatypes.html#CodeableConcept
import { compilePaths, type FieldBuilder } from './field.ts';

const NONE = { read: () => undefined, write: () => undefined };

interface Coding {
  system?: string | null;
  code?: string | null;
  display?: string | null;
}

/** JSON Schema's words for it: as it is sent, and as it is shown. */
export const CONCEPT_REQUEST_SCHEMA = {
  type: ['string', 'object'],
  properties: { system: { type: 'string' }, code: { type: 'string' }, display: { type: 'string' } },
  required: ['code'],
};

export const CONCEPT_RESPONSE_SCHEMA = {
  type: ['string', 'object'],
  properties: { system: { type: ['string', 'null'] }, code: { type: 'string' }, display: { type: ['string', 'null'] } },
  required: ['system', 'code', 'display'],
};

const PART_TYPES = { system: 'uri', code: 'code', display: 'string' } as const;

export const buildConceptField: FieldBuilder = (name, spec, context) => {
  const paths = compilePaths(spec, context);
  const [path] = paths as [(typeof paths)[number]];
  const slot = context.slot(path);
  return {
    name,
    spec,
    keyPath: [...context.keyPath, name],
    codec: NONE,
    paths,
    writtenPaths: [path],
    toStored: (value) =>
      typeof value === 'string'
        ? [{ type: 'string', value }]
        : listParts(value as Coding).map(([part, text]) => ({ type: PART_TYPES[part], value: text })),
    read: ({ slots }) => toShownConcept(slots[slot]![0]),
    assign(value, _now, changes) {
      if (value === undefined) changes[slot] = [];
      else changes[slot] = [typeof value === 'string' ? { text: value } : { coding: [Object.fromEntries(listParts(value as Coding))] }];
    },
  };
};

/** What is said of a coding. */
const listParts = (coding: Coding): [keyof typeof PART_TYPES, string][] =>
  (Object.keys(PART_TYPES) as (keyof typeof PART_TYPES)[]).flatMap((part): [keyof typeof PART_TYPES, string][] =>
    coding[part] === undefined || coding[part] === null ? [] : [[part, coding[part]!]],
  );

function toShownConcept(concept: unknown): unknown {
  const { text, coding = [] } = (concept ?? {}) as { text?: string; coding?: Coding[] };
  const coded = coding.find(({ code }) => code !== undefined);
  if (coded) return { system: coded.system ?? null, code: coded.code, display: coded.display ?? text ?? null };
  return text ?? coding.find(({ display }) => display !== undefined)?.display ?? undefined;
}
