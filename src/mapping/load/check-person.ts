// What a mapping says of the person a key stands for, of what is performed, and of the shapes beside it: checked at start.
import { amongThese } from '../../fhir/closest-name.ts';
import type { Field } from '../lens/field.ts';
import { isServerValue } from '../lens/lens-read.ts';
import { ME, takesPerson } from '../person.ts';
import type { ShapeInteraction } from '../shape.ts';
import type { FieldSpec, MappingSpec } from '../spec.ts';
import type { Fault as Told } from './check-lens.ts';
import type { Fault, LoadedShape } from './loaded.ts';

/** What is known when something is made, and when something is performed. */
const KNOWN = { create: ['%newId', '%now', ME], perform: ['%now'] };

/** One mapping by itself. */
export function checkPerson(fields: Field[], mapping: MappingSpec, fault: Told): void {
  for (const [word, problem] of RULES) {
    const text = problem(mapping);
    if (text) fault([word], new Error(text));
  }
  for (const { at, spec } of fields)
    for (const text of fieldProblems(spec, mapping))
      fault(
        at.flatMap((name) => ['fields', name]),
        new Error(text),
      );
}

/** Word of a mapping → what is wrong with it; nothing: the word may stand. */
const RULES: [word: keyof MappingSpec, problem: (mapping: MappingSpec) => string | false | undefined][] = [
  ['item', (one) => one.item && !isForPerson(one) && `me is the person that a key stands for: write ${FOR_PERSON}`],
  [
    'for',
    (one) =>
      isForPerson(one) && !takesPerson(one) && `nothing in it is the person: write item: me, or default: '${ME}' for a field that is`,
  ],
  [
    'item',
    ({ item, resource }) =>
      item && resource !== 'Patient' && 'me is the Patient that a key stands for: write resource: Patient, or leave item out',
  ],
  [
    'item',
    ({ item, path }) =>
      item && path.includes('{') && 'me stands in place of an id: leave names in braces out of the path, or leave item out',
  ],
  [
    'interactions',
    (one) => one.item && offers(one, 'create', 'search') && 'an item that is me is read, changed and performed on, not made or listed',
  ],
  [
    'interactions',
    (one) => one.row && offers(one, 'perform') && 'items that are elements of a resource (row:) can be made and read, not performed on',
  ],
  ['interactions', (one) => takesCaller(one) && offers(one, ...OTHERS) && UNSAFE],
  ...(['row', 'port', 'into', 'many'] as const).map((word): [keyof MappingSpec, (mapping: MappingSpec) => string | false] => [
    word,
    (one) => takesCaller(one) && one[word] !== undefined && ALONE,
  ]),
  [
    'also',
    (one) =>
      !takesCaller(one) &&
      /%patient\b/.test(JSON.stringify(one.also ?? [])) &&
      `%patient is known where a field takes the caller (default: '${ME}')`,
  ],
  [
    'summary',
    (one) =>
      offers(one, 'perform') &&
      one.summary?.perform === undefined &&
      'what is performed has no name of its own: write summary: { perform: Say when you were born }',
  ],
  ['summary', unoffered],
  ['answers', (one) => one.answers && offers(one, 'create', ...OTHERS) && 'answers: is for what is performed alone: leave it out'],
  ['createStatus', (one) => one.createStatus && !offers(one, 'create') && 'it is for a create: leave it out'],
  [
    'tells',
    (one) => one.tells && !(takesCaller(one) && offers(one, 'create')) && `tells: needs a create with a field whose default is '${ME}'`,
  ],
];

const FOR_PERSON = 'for: person above the fields, which says that keys of persons open it, and no others';
function unoffered({ summary = {}, interactions }: MappingSpec): string | undefined {
  const extra = Object.keys(summary).find((one) => !interactions.includes(one as ShapeInteraction));
  return extra && `${extra} is not offered: leave it out, or add it to interactions`;
}

const OTHERS: ShapeInteraction[] = ['read', 'search', 'update', 'replace', 'delete'];
const ALONE = `where a field takes the caller (${ME}) one item is made, whole and at once: leave this out`;
const offers = ({ interactions }: MappingSpec, ...any: ShapeInteraction[]): boolean => interactions.some((one) => any.includes(one));
const isForPerson = (mapping: MappingSpec): boolean => mapping.for === 'person';
const takesCaller = (mapping: MappingSpec): boolean => takesPerson(mapping) && mapping.item === undefined;

const UNSAFE = `where a field takes the caller (${ME}) only create is offered: a list would show a person those of others`;

function fieldProblems(spec: FieldSpec, mapping: MappingSpec): string[] {
  const { default: standard, as } = spec;
  if (standard === ME && !isForPerson(mapping)) return [`default: '${ME}' is known where a key stands for a person: write ${FOR_PERSON}`];
  if (!isServerValue(standard)) return [];
  const known = (['create', 'perform'] as const).filter((one) => mapping.interactions.includes(one)).flatMap((one) => KNOWN[one]);
  const problems = [
    known.length > 0 && !known.includes(standard) && `default: there is no ${standard} here; there are ${[...new Set(known)].join(', ')}`,
    standard === ME && as !== 'reference(Patient)' && `default: '${ME}' is a Patient: the field needs as: reference(Patient)`,
  ];
  return problems.filter((text): text is string => typeof text === 'string');
}

/** The shapes that others name: `answers:` and `tells:`. */
export function checkBeside(shapes: LoadedShape[]): Fault[] {
  return shapes.flatMap((one) => {
    const { shape, mapping } = one;
    const others = shapes.filter((other) => other.shape.surface === shape.surface);
    const told = besideProblems(one, others);
    return told.map(([keys, text]) => ({ place: mapping.place(keys), text }));
  });
}

function besideProblems({ shape }: LoadedShape, others: LoadedShape[]): [keys: string[], text: string][] {
  const { answers, tells, resource } = shape;
  const names = others.map((other) => other.shape.name);
  const named = (name: string | undefined): LoadedShape | undefined => others.find((other) => other.shape.name === name);
  const missing = (name: string | undefined): string | false =>
    name !== undefined && !named(name) && `there is no shape ${name}${amongThese(name, names)}`;
  const unfit = (name: string | undefined, type: string): string | undefined => {
    const other = named(name);
    return other && (other.shape.resource !== type || other.shape.rows) ? `${name} does not show a whole ${type}` : undefined;
  };
  const fields = named(tells?.shape)?.lens.fields.map(({ name }) => name);
  const problems: [string[], string | false | undefined][] = [
    [['answers'], missing(answers) || unfit(answers, resource)],
    [['tells', 'shape'], missing(tells?.shape) || unfit(tells?.shape, 'Patient')],
    [
      ['tells', 'field'],
      fields && !fields.includes(tells!.field) && `there is no field ${tells!.field} in it${amongThese(tells!.field, fields)}`,
    ],
  ];
  return problems.filter((one): one is [string[], string] => typeof one[1] === 'string');
}
