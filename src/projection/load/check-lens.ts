// What a compiled mapping must keep, checked at start: no field is ambiguous, none writes over another, what is written can be made.
import { didYouMean } from '../../fhir/closest-name.ts';
import { elementNames, isPrimitive } from '../../fhir/elements.ts';
import type { Path } from '../../fhir/path/path.ts';
import { unboundCode } from '../../fhir/validation/required-codes.ts';
import type { Field } from '../lens/field.ts';
import type { Lens } from '../lens/lens.ts';
import { isOverlap } from '../lens/overlap.ts';
import type { FieldSpec, MappingSpec } from '../spec.ts';

/** Told what is wrong, with the keys that lead to it in the file. */
export type Fault = (keys: string[], error: Error) => void;

export function checkLens(lens: Lens, mapping: MappingSpec, fault: Fault): void {
  for (const leaves of [lens.leaves, ...lens.lists.map((one) => one.leaves)]) {
    for (const field of leaves)
      for (const problem of [...placeProblems(field), ...wordProblems(field, leaves)]) fault(keysOf(field), new Error(problem));
  }
  for (const [nth, { path, while: condition }] of lens.also.entries()) {
    if (path.readOnly) fault(['also', String(nth), 'fhir'], new Error(path.readOnly));
    const unknown = unboundCode(mapping.also?.[nth]?.value, path.steps.at(-1)?.bound);
    if (unknown !== undefined) fault(['also', String(nth), 'value'], new Error(unknown));
    if (condition?.path.open.length)
      fault(['also', String(nth), 'while'], new Error(`${condition.path.open[0]} repeats: say which is meant`));
  }
  if (mapping.interactions.some((one) => one === 'create' || one === 'update' || one === 'replace')) {
    checkOverlaps(lens.leaves, writersOf(lens, mapping), fault);
    for (const { leaves } of lens.lists) checkOverlaps(leaves, leaves.flatMap(writersIn), fault);
  }
  if (mapping.path.includes('{id}') && mapping.interactions.some((one) => one === 'create' || one === 'search'))
    fault(['interactions'], new Error('a part of an item is read and changed, not made or listed'));
  if (mapping.row && mapping.interactions.some((one) => one === 'update' || one === 'replace' || one === 'delete'))
    fault(['interactions'], new Error('items that are elements of a resource (row:) can be made and read, not changed'));
  checkNames(lens, mapping, fault);
}

/** The keys of a field in its file: `patient.last_name` stands at fields.patient.fields.last_name. */
const keysOf = ({ at }: Field): string[] => at.flatMap((name) => ['fields', name]);

/** A field leads to as many elements as it shows values, and what a client may write can be written. */
function placeProblems({ paths, written, spec, name }: Field): string[] {
  const [main] = paths as [Path];
  if (spec.list !== undefined) return unwritable({ spec, written });
  if (spec.as === 'joined' || spec.as === 'latest') return [];
  const isList = spec.type === 'string[]' || spec.as?.startsWith('keyed');
  const open = main.variable === undefined ? main.open.length : 0;
  const problems = [
    !isList && open > 0 && `${main.open[0]} repeats, and the field has one value: say which is meant, with first() or where(…)`,
    isList &&
      main.open.length !== 1 &&
      `the field is a list, and ${main.open.length === 0 ? 'nothing repeats on its path: leave type out' : 'more than one element repeats on its path: say which is meant, with first() or where(…)'}`,
    !isList &&
      !spec.each &&
      !fits(main.type, spec) &&
      `it leads to a ${main.type}, which is no value of this field: ${insteadOf(main.type)}`,
    (name === 'id' || main.text === 'id') && !spec.readOnly && 'an id is given by the server: it must be readOnly',
    misdated(main.type, spec),
  ];
  return [...problems.filter((text) => typeof text === 'string'), ...unknownCodes(main, spec), ...unwritable({ spec, written })];
}

/** Codes that FHIR does not have where they would be written. */
function unknownCodes({ steps }: Path, { codes = {}, also = {}, otherwise }: FieldSpec): string[] {
  const values = [...new Set([...Object.values(codes), ...Object.values(also), otherwise])];
  return values.flatMap((value) => unboundCode(value, steps.at(-1)?.bound) ?? []);
}

function unwritable({ spec, written }: Pick<Field, 'spec' | 'written'>): string[] {
  const path = spec.readOnly ? undefined : written.find(({ readOnly }) => readOnly !== undefined);
  return path ? [`it cannot be written: ${path.readOnly}`] : [];
}

/** A codec of days over a time of the world, or the other way round. */
function misdated(type: string, { as = '' }: FieldSpec): string | false {
  if (/^date\b/.test(as) && !['date', 'dateTime'].includes(type))
    return `as: ${as} is for a day, and this is of type ${type}${instead(type, 'instant')}`;
  return (
    /^instant\b/.test(as) &&
    !['instant', 'dateTime'].includes(type) &&
    `as: ${as} is for a time of the world, and this is of type ${type}${instead(type, 'date')}`
  );
}

const instead = (type: string, codec: 'instant' | 'date'): string => (type === codec ? `: write as: ${codec}(…)` : '');

/** What leads on from a type that cannot be shown as it is. */
function insteadOf(type: string): string {
  if (type === 'Coding') return 'show it by as: coding and codes:, or write .code after it';
  const names = elementNames(type).filter((name) => name !== 'id' && name !== 'extension');
  return names.length ? `go on to one of its elements (${names.slice(0, 6).join(', ')})` : 'write type: boolean only where it is one';
}

/** Codings are shown through a code table, everything else is a primitive of the field's own type. */
function fits(type: string, { as, type: shown = 'string' }: FieldSpec): boolean {
  if (as === 'coding') return type === 'Coding';
  if (as === 'concept') return type === 'CodeableConcept';
  if (/^is\b/.test(as ?? '')) return isPrimitive(type) && shown === 'boolean';
  if (shown === 'number' || shown === 'integer') return (shown === 'number' ? NUMBERS : NUMBERS.slice(1)).includes(type);
  return isPrimitive(type) && (shown !== 'boolean' || type === 'boolean');
}

const NUMBERS = ['decimal', 'integer', 'unsignedInt', 'positiveInt'];

function wordProblems({ spec, codec, at, members }: Field, leaves: Field[]): string[] {
  const beside = leaves.filter((other) => other.at.slice(0, -1).join() === at.slice(0, -1).join()).map(({ name }) => name);
  const problems = [
    spec.exists && codec.targets === undefined && 'exists: needs a field that is a reference',
    spec.key && !members?.some(({ name }) => name === spec.key) && `key: there is no field ${spec.key} in its members`,
    spec.having && !members?.some(({ name }) => name === spec.having) && `having: there is no field ${spec.having} in its members`,
    spec.unlike && !beside.includes(spec.unlike) && `there is no field ${spec.unlike} beside it${didYouMean(spec.unlike, beside)}`,
    spec.readOnly && spec.on && 'a field that is readOnly is in no request: on: has nothing to say',
    spec.on === 'update' && spec.required && 'a field that a create may not set cannot be required',
    spec.shares && !beside.includes(spec.shares) && `there is no field ${spec.shares} beside it${didYouMean(spec.shares, beside)}`,
    spec.shares && at.length > 1 && 'shares: is for a field that is not in an object',
    spec.instead && at.length > 1 && 'instead: is for a field that is not in an object',
    spec.omit && spec.writeOnly && 'a field that is writeOnly is in no response: omit: has nothing to leave out',
    spec.readOnly && spec.required && 'a field that is readOnly is in no request: it cannot be required',
    spec.codes && spec.enum && 'codes: says which words there are: enum: is one too many',
    spec.default !== undefined && spec.default !== '' && spec.required && "a field that is required needs no default but ''",
    spec.past && !/^date\b(?!-)/.test(spec.format ?? spec.as ?? '') && 'past: needs a field that is a date',
    /^(date|instant)\(/.test(spec.as ?? '') && spec.format && 'as: says the format by its pattern: format: is one too many',
    !isOfType(spec.default, spec) && `default: ${JSON.stringify(spec.default)} is no ${spec.type ?? 'string'}: write a value of this field`,
    spec.each && !spec.readOnly && spec.type !== 'string[]' && 'each: of a single value can only be read',
  ];
  return problems.filter((text) => typeof text === 'string');
}

/** Whether a standard value is one of the field's type; objects and lists are left to the lens. */
function isOfType(standard: unknown, { type = 'string', fhir }: FieldSpec): boolean {
  if (standard === undefined || standard === null || fhir === undefined || type === 'object' || type === 'string[]') return true;
  return typeof standard === (type === 'integer' ? 'number' : type);
}

interface Writer {
  keys: string[];
  name: string;
  path: Path;
  owns?: Field['owns'];
  shares?: string | undefined;
}

const writersIn = (field: Field): Writer[] =>
  field.written.map((path) => ({
    keys: keysOf(field),
    name: field.at.join('.'),
    path,
    shares: field.spec.shares,
    ...(field.owns && { owns: field.owns }),
  }));

/** A field that nobody writes: read only, without a value of its own for a new item, and no outside step fills it in. */
const isOnlyShown = ({ readOnly, default: standard }: FieldSpec, { port }: MappingSpec): boolean =>
  readOnly === true && port === undefined && (standard === undefined || standard === '');

/** Two forms of one thing are one: only one of them is there at a time. */
function inItsForm(writer: Writer, { fields }: Lens): Writer {
  const [top] = writer.name.split('.');
  const forms = fields.flatMap(({ name, spec: { instead } }) => (instead === undefined ? [] : [name, instead]));
  const main = fields.find(({ name }) => name === top)?.spec.instead ?? top;
  return forms.includes(top!) ? { ...writer, shares: writer.shares ?? main } : writer;
}

/** Whatever writes: fields, the words beside their codes, parts of texts, linked references, what is written and never shown. */
function writersOf(lens: Lens, mapping: MappingSpec): Writer[] {
  const links = lens.leaves.flatMap((field) =>
    field.spec.link ? [{ keys: keysOf(field), name: `the link of ${field.name}`, path: lens.names.path(field.spec.link.to) }] : [],
  );
  const also = lens.also.map(({ path }, nth) => ({ keys: ['also', String(nth)], name: `also ${nth + 1}`, path }));
  const own = lens.leaves.filter(({ spec }) => !isOnlyShown(spec, mapping)).flatMap(writersIn);
  return [...own.map((one) => inItsForm(one, lens)), ...links, ...also];
}

function checkOverlaps(leaves: Field[], all: Writer[], fault: Fault): void {
  const writers = all.filter(({ path }) => path.readOnly === undefined);
  for (const [nth, one] of writers.entries()) {
    const other = writers.slice(0, nth).find((before) => !isOneThing(before, one) && isOverlap(before, one));
    if (other)
      fault(one.keys, new Error(`it writes where ${other.name} writes: tell the two apart with where(…), or make one of them readOnly`));
    const early = one.path.steps.find((step) => step.index !== undefined && step.index > 0 && !hasNeighbour(one.path, step.index, leaves));
    if (early)
      fault(one.keys, new Error(`${early.name} has no member ${early.index} without one before it: no required field writes that`));
  }
}

/** Two that say the same thing may write one place: a field and itself, and fields that share it. */
function isOneThing(a: Writer, b: Writer): boolean {
  return (a.shares ?? a.name) === (b.shares ?? b.name);
}

/** A member can only be second where a required field is first: lists have no holes. */
function hasNeighbour(path: Path, index: number, leaves: Field[]): boolean {
  const names = path.steps.map(({ name }) => name).join('.');
  return leaves.some(
    ({ spec, paths: [main] }) =>
      spec.required && main!.steps.map(({ name }) => name).join('.') === names && main!.steps.some((step) => step.index === index - 1),
  );
}

/** Names of fields, where a mapping uses them elsewhere. */
function checkNames(lens: Lens, { row, unique, into, belongs = [], interactions }: MappingSpec, fault: Fault): void {
  const names = lens.fields.map(({ name }) => name);
  const known = (keys: string[], used: string[]): void => {
    for (const name of used) if (!names.includes(name)) fault(keys, new Error(`there is no field ${name}${didYouMean(name, names)}`));
  };
  for (const { name, spec } of lens.fields) if (spec.instead) known(['fields', name, 'instead'], [spec.instead]);
  for (const name of belongs) {
    if (!lens.fields.some((field) => field.name === name && !field.spec.writeOnly))
      fault(['belongs'], new Error(`no field ${name} is shown`));
  }
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
  if (interactions.includes('read') && !names.includes(lens.idName))
    fault(['fields'], new Error('what is read by its id must have a field with it: { fhir: id, readOnly: true }'));
}
