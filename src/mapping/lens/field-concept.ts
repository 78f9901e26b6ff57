// A field that is a concept in either of two forms: a text, or an object of system, code and display. It leads to a CodeableConcept; one with a code is
// shown as an object, any other as its text. Another concept takes the place of the one before as a whole: its words were of that one.
// https://hl7.org/fhir/R4/datatypes.html#CodeableConcept
import { type FieldMaker, pathsOf } from './field.ts';

const NONE = { read: () => undefined, write: () => undefined };

interface Coding {
  system?: string | null;
  code?: string | null;
  display?: string | null;
}

/** JSON Schema's words for it: as it is sent, and as it is shown. */
export const CONCEPT_SCHEMA = {
  type: ['string', 'object'],
  properties: { system: { type: 'string' }, code: { type: 'string' }, display: { type: 'string' } },
  required: ['code'],
};

export const SHOWN_CONCEPT = {
  type: ['string', 'object'],
  properties: { system: { type: ['string', 'null'] }, code: { type: 'string' }, display: { type: ['string', 'null'] } },
  required: ['system', 'code', 'display'],
};

const PARTS = { system: 'uri', code: 'code', display: 'string' } as const;

export const conceptField: FieldMaker = (name, spec, context) => {
  const paths = pathsOf(spec, context);
  const [path] = paths as [(typeof paths)[number]];
  const slot = context.slot(path);
  return {
    name,
    spec,
    at: [...context.at, name],
    codec: NONE,
    paths,
    written: [path],
    stores: (value) =>
      typeof value === 'string'
        ? [{ type: 'string', value }]
        : entriesOf(value as Coding).map(([part, text]) => ({ type: PARTS[part], value: text })),
    show: ({ slots }) => shownOf(slots[slot]![0]),
    assign(value, _now, changes) {
      if (value === undefined) changes[slot] = [];
      else changes[slot] = [typeof value === 'string' ? { text: value } : { coding: [Object.fromEntries(entriesOf(value as Coding))] }];
    },
  };
};

/** What is said of a coding. */
const entriesOf = (coding: Coding): [keyof typeof PARTS, string][] =>
  (Object.keys(PARTS) as (keyof typeof PARTS)[]).flatMap((part): [keyof typeof PARTS, string][] =>
    coding[part] === undefined || coding[part] === null ? [] : [[part, coding[part]!]],
  );

function shownOf(concept: unknown): unknown {
  const { text, coding = [] } = (concept ?? {}) as { text?: string; coding?: Coding[] };
  const coded = coding.find(({ code }) => code !== undefined);
  if (coded) return { system: coded.system ?? null, code: coded.code, display: coded.display ?? text ?? null };
  return text ?? coding.find(({ display }) => display !== undefined)?.display ?? undefined;
}
