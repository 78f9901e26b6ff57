// What a compiled mapping must keep, checked at start: no field is ambiguous, none writes over another, what is written can be made.
import { isPrimitive } from '../fhir/elements.ts';
import type { Path } from '../fhir/path.ts';
import type { Field } from './field.ts';
import type { Lens } from './lens.ts';
import { isOverlap } from './overlap.ts';
import type { FieldSpec, MappingSpec } from './spec.ts';

/** Told what is wrong, with the keys that lead to it in the file. */
export type Fault = (keys: string[], error: Error) => void;

export function checkLens(lens: Lens, mapping: MappingSpec, fault: Fault): void {
  for (const field of lens.leaves) {
    const keys = keysOf(field);
    for (const problem of [...placeProblems(field), ...wordProblems(field, lens)]) fault(keys, new Error(problem));
  }
  for (const [nth, { path, while: condition }] of lens.also.entries()) {
    if (path.readOnly) fault(['also', String(nth), 'fhir'], new Error(path.readOnly));
    if (condition?.path.open.length)
      fault(['also', String(nth), 'while'], new Error(`${condition.path.open[0]} repeats: say which is meant`));
  }
  if (mapping.interactions.some((one) => one === 'create' || one === 'update')) checkOverlaps(lens, fault);
  checkNames(lens, mapping, fault);
}

/** The keys of a field in its file: `patient.last_name` stands at fields.patient.fields.last_name. */
const keysOf = ({ at }: Field): string[] => at.flatMap((name) => ['fields', name]);

/** A field leads to as many elements as it shows values, and what a client may write can be written. */
function placeProblems({ paths, written, spec, name }: Field): string[] {
  const [main] = paths as [Path];
  if (spec.as === 'joined' || spec.as === 'latest') return [];
  const isList = spec.type === 'string[]' || spec.as?.startsWith('keyed');
  const open = main.variable === undefined ? main.open.length : 0;
  const problems = [
    !isList && open > 0 && `${main.open[0]} repeats, and the field has one value: say which is meant, with first() or where(…)`,
    isList &&
      main.open.length !== 1 &&
      `the field is a list, and ${main.open.length === 0 ? 'nothing repeats' : 'more than one element repeats'} on its path`,
    !isList && !spec.each && !fits(main.type, spec) && `it leads to a ${main.type}, which is no value of this field`,
    name === 'id' && !spec.readOnly && 'an id is given by the server: it must be readOnly',
  ];
  const unwritable = spec.readOnly ? undefined : written.find((path) => path.readOnly !== undefined);
  return [...problems, unwritable && `it cannot be written: ${unwritable.readOnly}`].filter((text) => typeof text === 'string');
}

/** Codings are shown through a code table, everything else is a primitive of the field's own type. */
function fits(type: string, { as, type: shown = 'string' }: FieldSpec): boolean {
  if (as === 'coding') return type === 'Coding';
  return isPrimitive(type) && (shown !== 'boolean' || type === 'boolean');
}

function wordProblems({ spec, codec, at }: Field, lens: Lens): string[] {
  const beside = lens.leaves.filter((other) => other.at.slice(0, -1).join() === at.slice(0, -1).join()).map(({ name }) => name);
  const problems = [
    spec.exists && codec.target === undefined && 'exists: needs a field that is a reference',
    spec.unlike && !beside.includes(spec.unlike) && `there is no field ${spec.unlike} beside it`,
    spec.readOnly && spec.required && 'a field that is readOnly is in no request: it cannot be required',
    spec.codes && spec.enum && 'codes: says which words there are: enum: is one too many',
    spec.default !== undefined && spec.required && 'a field that is required needs no default',
    spec.each && !spec.readOnly && spec.type !== 'string[]' && 'each: of a single value can only be read',
  ];
  return problems.filter((text) => typeof text === 'string');
}

/** Whatever writes: fields, the words beside their codes, parts of texts, linked references, what is written and never shown. */
function checkOverlaps(lens: Lens, fault: Fault): void {
  const writers = [
    ...lens.leaves.flatMap((field) =>
      field.written.map((path) => ({ keys: keysOf(field), name: field.at.join('.'), path, owns: field.owns })),
    ),
    ...lens.leaves.flatMap((field) =>
      field.spec.link
        ? [{ keys: keysOf(field), name: `the link of ${field.name}`, path: lens.names.path(field.spec.link.to), owns: undefined }]
        : [],
    ),
    ...lens.also.map(({ path }, nth) => ({ keys: ['also', String(nth)], name: `also ${nth + 1}`, path, owns: undefined })),
  ].filter(({ path }) => path.readOnly === undefined);
  for (const [nth, one] of writers.entries()) {
    const other = writers.slice(0, nth).find((before) => before.name !== one.name && isOverlap(before, one));
    if (other) fault(one.keys, new Error(`it writes where ${other.name} writes`));
    const early = one.path.steps.find((step) => step.index !== undefined && step.index > 0 && !hasNeighbour(one.path, step.index, lens));
    if (early)
      fault(one.keys, new Error(`${early.name} has no member ${early.index} without one before it: no required field writes that`));
  }
}

/** A member can only be second where a required field is first: lists have no holes. */
function hasNeighbour(path: Path, index: number, lens: Lens): boolean {
  const names = path.steps.map(({ name }) => name).join('.');
  return lens.leaves.some(
    ({ spec, paths: [main] }) =>
      spec.required && main!.steps.map(({ name }) => name).join('.') === names && main!.steps.some((step) => step.index === index - 1),
  );
}

/** Names of fields, where a mapping uses them elsewhere. */
function checkNames(lens: Lens, { row, unique, into, interactions }: MappingSpec, fault: Fault): void {
  const names = lens.fields.map(({ name }) => name);
  const known = (keys: string[], used: string[]): void => {
    for (const name of used) if (!names.includes(name)) fault(keys, new Error(`there is no field ${name}`));
  };
  if (row) known(['row', 'key'], [row.key]);
  known(
    ['into'],
    [...(into ?? '').matchAll(/\{(\w+)\}/g)].map(([, name]) => name!),
  );
  if (unique) known(['unique'], [...unique.within, ...Object.keys(unique.compare)]);
  for (const [nth, { same, agree = [], lacking = [] }] of (unique?.any ?? []).entries()) {
    const uncompared = [...same, ...agree, ...lacking].filter((name) => !(name in unique!.compare));
    if (uncompared.length)
      fault(['unique', 'any', String(nth)], new Error(`compare: does not say how ${uncompared.join(', ')} is compared`));
  }
  if (interactions.includes('read') && !names.includes('id')) fault(['fields'], new Error('what is read by its id must have a field id'));
}
