// Checks at start of shapes for keys that are restricted to a patient (`for: person`), and of actions (`perform`).
import type { Report } from '../diagnostics.ts';
import type { Field } from '../lens/field.ts';
import { isServerValue } from '../lens/lens-read.ts';
import type { ShapeInteraction } from '../shape.ts';
import type { FieldSpec, MappingSpec } from '../spec.ts';

/** The default of a field that refers to the caller's own Patient. */
const CALLER = '%me';

/** Whether a field, or one inside it, refers to the caller's own Patient. */
const fieldTakesCaller = ({ default: standard, fields = {} }: FieldSpec): boolean =>
  standard === CALLER || Object.values(fields).some(fieldTakesCaller);

/** Whether the item is the caller's own Patient, or a field refers to it. */
const mappingTakesCaller = ({ item, fields }: MappingSpec): boolean => item === 'me' || Object.values(fields).some(fieldTakesCaller);

/** The server values that a create and an action have. */
const KNOWN_DEFAULTS = { create: ['%newId', '%now', CALLER], perform: ['%now'] };

/** Checks one mapping. */
export function checkPerson(fields: Field[], mapping: MappingSpec, fault: Report): void {
  for (const [word, problem] of PERSON_RULES) {
    const text = problem(mapping);
    if (text) fault([word], new Error(text));
  }
  for (const { keyPath, spec } of fields)
    for (const text of checkDefault(spec, mapping))
      fault(
        keyPath.flatMap((name) => ['fields', name]),
        new Error(text),
      );
}

/** Keyword → its error; falsy: none. */
const PERSON_RULES: [word: keyof MappingSpec, problem: (mapping: MappingSpec) => string | false | undefined][] = [
  ['item', (mapping) => mapping.item && !isForPerson(mapping) && `me is the patient of the key: write ${FOR_PERSON}`],
  [
    'for',
    (mapping) =>
      isForPerson(mapping) &&
      !mappingTakesCaller(mapping) &&
      `nothing refers to the patient of the key: write item: me, or default: '${CALLER}' for a field that is`,
  ],
  [
    'item',
    ({ item, resource }) => item && resource !== 'Patient' && 'me is the Patient of the key: write resource: Patient, or remove item',
  ],
  ['item', ({ item, path }) => item && path.includes('{') && 'me replaces the id: remove names in braces from the path, or remove item'],
  [
    'interactions',
    (mapping) =>
      mapping.item &&
      offersAny(mapping, 'create', 'search') &&
      'an item that is me can be read, changed and performed on, but not created or listed',
  ],
  [
    'interactions',
    (mapping) =>
      mapping.row &&
      offersAny(mapping, 'perform') &&
      'items that are elements of a resource (row:) can be created and read, but not performed on',
  ],
  ['interactions', (mapping) => takesCaller(mapping) && offersAny(mapping, ...OTHERS) && CREATE_ONLY],
  ...(['row', 'port', 'into', 'many'] as const).map((word): [keyof MappingSpec, (mapping: MappingSpec) => string | false] => [
    word,
    (mapping) => takesCaller(mapping) && mapping[word] !== undefined && NOT_WITH_CALLER,
  ]),
  [
    'also',
    (mapping) =>
      !takesCaller(mapping) &&
      /%patient\b/.test(JSON.stringify(mapping.also ?? [])) &&
      `%patient needs a field that takes the caller (default: '${CALLER}')`,
  ],
  [
    'summary',
    (mapping) =>
      offersAny(mapping, 'perform') &&
      mapping.summary?.perform === undefined &&
      'an action has no name of its own: write summary: { perform: Say when you were born }',
  ],
  ['summary', findUnofferedSummary],
  ['answers', (mapping) => mapping.answers && offersAny(mapping, 'create', ...OTHERS) && 'answers: is for perform only: remove it'],
  ['createStatus', (mapping) => mapping.createStatus && !offersAny(mapping, 'create') && 'it is for a create: leave it out'],
  ['ignores', (mapping) => mapping.ignores && !offersAny(mapping, 'read') && 'it is for a read: leave it out'],
  [
    'tells',
    (mapping) =>
      mapping.tells &&
      !(takesCaller(mapping) && offersAny(mapping, 'create')) &&
      `tells: needs a create with a field whose default is '${CALLER}'`,
  ],
];

const FOR_PERSON = 'for: person above the fields, so that only keys of patients may use the shape';
function findUnofferedSummary({ summary = {}, interactions }: MappingSpec): string | undefined {
  const extra = Object.keys(summary).find((key) => !interactions.some((offered) => offered === key));
  return extra && `${extra} is not offered: leave it out, or add it to interactions`;
}

const OTHERS: ShapeInteraction[] = ['read', 'search', 'update', 'replace', 'delete'];
const NOT_WITH_CALLER = `where a field takes the caller (${CALLER}) one request creates one complete item: remove this`;
const offersAny = ({ interactions }: MappingSpec, ...any: ShapeInteraction[]): boolean =>
  interactions.some((interaction) => any.includes(interaction));
const isForPerson = (mapping: MappingSpec): boolean => mapping.for === 'person';
const takesCaller = (mapping: MappingSpec): boolean => mappingTakesCaller(mapping) && mapping.item === undefined;

const CREATE_ONLY = `where a field takes the caller (${CALLER}) only create is allowed: a list would show a person the items of others`;

function checkDefault(spec: FieldSpec, mapping: MappingSpec): string[] {
  const { default: standard, as } = spec;
  if (standard === CALLER && !isForPerson(mapping))
    return [`default: '${CALLER}' needs a key that is restricted to a patient: write ${FOR_PERSON}`];
  if (!isServerValue(standard)) return [];
  const known = (['create', 'perform'] as const)
    .filter((interaction) => mapping.interactions.includes(interaction))
    .flatMap((interaction) => KNOWN_DEFAULTS[interaction]);
  const problems = [
    known.length > 0 && !known.includes(standard) && `default: there is no ${standard} here; there are ${[...new Set(known)].join(', ')}`,
    standard === CALLER && as !== 'reference(Patient)' && `default: '${CALLER}' is a Patient: the field needs as: reference(Patient)`,
  ];
  return problems.filter((text): text is string => typeof text === 'string');
}
