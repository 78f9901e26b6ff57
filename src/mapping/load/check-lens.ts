// Checks of a compiled mapping at start: no path is ambiguous, no field overwrites another, every written value can be stored.

import { formatKnownNames } from '../../fhir/closest-name.ts';
import { explainUnboundCode } from '../../fhir/terminology/explain-code.ts';
import type { Step, WritablePath } from '../../fhir/writable-path/path.ts';
import type { StepSyntax } from '../../fhir/writable-path/path-syntax.ts';
import type { Report } from '../diagnostics.ts';
import { type Field, toFileKeys } from '../lens/field.ts';
import { isCombined } from '../lens/field-list.ts';
import type { Lens } from '../lens/lens.ts';
import { isOverlap } from '../lens/overlap.ts';
import { readConditions } from '../lens/step-syntax.ts';
import type { FieldSpec, MappingSpec } from '../spec.ts';
import { checkValues } from './check-values.ts';

export function checkLens(lens: Lens, mapping: MappingSpec, fault: Report): void {
  for (const { leaves, from, list } of listScopes(lens)) {
    for (const field of leaves)
      for (const problem of [
        ...checkPlace(field),
        ...checkFixedValue(field, list),
        ...checkValues(field, lens.names, from),
        ...checkKeywords(field, leaves),
      ])
        fault(toFieldKeys(field), new Error(problem));
  }
  for (const [index, { path, copied, while: condition }] of lens.also.entries()) {
    if (path.readOnly) fault(['also', String(index), 'fhir'], new Error(path.readOnly));
    const unknown = explainUnboundCode(mapping.also?.[index]?.value, path.steps.at(-1)?.requiredValueSet);
    if (unknown !== undefined) fault(['also', String(index), 'value'], new Error(unknown));
    if (copied && copied.path.type !== path.type)
      fault(['also', String(index), 'copyOf'], new Error(`it leads to a ${copied.path.type}, and this is of type ${path.type}`));
    if (condition?.path.open.length) fault(['also', String(index), 'while'], new Error(`${condition.path.open[0]} repeats: select one`));
  }
  if (mapping.interactions.some((interaction) => /^(create|update|replace|perform)$/.test(interaction))) {
    checkOverlaps(lens.leaves, listWriters(lens, mapping), fault);
    for (const { leaves } of lens.lists)
      checkOverlaps(leaves, leaves.filter(({ spec }) => !spec.readOnly).flatMap(listFieldWriters), fault);
  }
  if (mapping.path.includes('{id}') && mapping.interactions.some((interaction) => interaction === 'create' || interaction === 'search'))
    fault(['interactions'], new Error('a part of an item can be read and changed, but not created or listed'));
  if (
    mapping.row &&
    mapping.interactions.some((interaction) => interaction === 'update' || interaction === 'replace' || interaction === 'delete')
  )
    fault(['interactions'], new Error('items that are elements of a resource (row:) can be created and read, but not changed'));
  checkNames(lens, mapping, fault);
  checkLets(mapping, fault);
  checkKinds(lens.fields, mapping.interactions, fault);
}

/** Elements that every write sets. https://hl7.org/fhir/R4/resource.html#Meta */
const SERVER_KEPT = ['meta.lastUpdated', 'meta.versionId'];
const jsonPath = ({ steps, variable }: WritablePath): string => (variable === undefined ? steps.map(({ name }) => name).join('.') : '');

/** The fields by the type that their paths start from: the resource, and the members of each list. */
const listScopes = ({ leaves, lists, names }: Lens): { leaves: Field[]; from: string; list?: Field }[] => [
  { leaves, from: names.scope.type },
  ...lists.map(({ list, leaves: members }) => ({ leaves: members, from: list.paths[0]!.type, list })),
];

const toFieldKeys = ({ keyPath }: Field): string[] => toFileKeys(keyPath);

/** Checks that the path of a field selects one element (or one list for a list), and is writable unless the field is read only. */
function checkPlace({ paths, writtenPaths, spec, name }: Field): string[] {
  const [main] = paths;
  if (!main || spec.list !== undefined) return checkWritable({ spec, writtenPaths });
  if (isCombined(spec)) return [];
  const isList = spec.type === 'string[]' || spec.as === 'paragraphs' || spec.as?.startsWith('keyed');
  const open = main.variable === undefined ? main.open.length : 0;
  const problems = [
    !isList && open > 0 && `${main.open[0]} repeats, and the field has one value: select one, with first() or where(…)`,
    isList &&
      main.open.length !== 1 &&
      `the field is a list, and ${main.open.length === 0 ? 'nothing repeats on its path: leave type out' : 'more than one element repeats on its path: select one, with first() or where(…)'}`,
    (name === 'id' || main.text === 'id') && !spec.readOnly && 'the server creates ids: the field must be readOnly',
    !spec.readOnly && SERVER_KEPT.includes(jsonPath(main)) && `${jsonPath(main)} is set by the server: the field must be readOnly`,
  ];
  return [...problems.filter((text) => typeof text === 'string'), ...checkCodes(main, spec), ...checkWritable({ spec, writtenPaths })];
}

/** Checks that no writable field is on an element whose value a condition of its path fixes. `list`: the enclosing list. */
function checkFixedValue({ spec, codec, writtenPaths }: Field, list: Field | undefined): string[] {
  const words = spec.enum ?? codec.words;
  if (spec.readOnly || spec.list !== undefined || words?.length === 1) return [];
  const above = list ? list.paths[0]!.steps.slice(-1) : [];
  const steps = writtenPaths.slice(0, 1).flatMap((path) => [...above, ...path.steps]);
  const fixed = steps.find((step, at) => readConditions(step).some((condition) => isFixed(condition, steps.slice(at + 1))));
  return fixed
    ? [`where(…) of ${fixed.name} requires one value: no other value can be written; make the field readOnly, or remove it`]
    : [];
}

const isFixed = (condition: StepSyntax['where'][number], rest: Step[]): boolean =>
  'is' in condition &&
  'value' in condition.is &&
  JSON.stringify(condition.path.steps) === JSON.stringify(rest.map(({ key }) => JSON.parse(key)));

/** Checks that codes are in the required value set of the element. */
function checkCodes({ steps }: WritablePath, { codes = {}, synonyms = {}, otherwise, reads = {} }: FieldSpec): string[] {
  const values = [...new Set([...Object.values(codes), ...Object.values(synonyms), otherwise, ...Object.keys(reads)])];
  return values.flatMap((value) => explainUnboundCode(value, steps.at(-1)?.requiredValueSet) ?? []);
}

function checkWritable({ spec, writtenPaths }: Pick<Field, 'spec' | 'writtenPaths'>): string[] {
  const path = spec.readOnly ? undefined : writtenPaths.find(({ readOnly }) => readOnly !== undefined);
  return path ? [`it cannot be written: ${path.readOnly}, or make the field readOnly`] : [];
}

function checkKeywords(field: Field, leaves: Field[]): string[] {
  return [...checkFieldNames(field, leaves), ...checkCombinations(field)].filter((text) => typeof text === 'string');
}

/** Checks that the fields exist that keywords name. */
function checkFieldNames({ spec, codec, keyPath, members }: Field, leaves: Field[]): unknown[] {
  const siblings = leaves.filter((other) => other.keyPath.slice(0, -1).join() === keyPath.slice(0, -1).join()).map(({ name }) => name);
  return [
    spec.exists && codec.targets === undefined && 'exists: needs a field that is a reference',
    ...Object.keys(spec.exists?.agrees ?? {}).map(
      (name) =>
        !siblings.includes(name) && `exists: agrees: there is no field ${name} in the same object${formatKnownNames(name, siblings)}`,
    ),
    ...[spec.key ?? []]
      .flat()
      .map(
        (key) =>
          !members?.some(({ name }) => name === key) &&
          `key: there is no field ${key} in its members${formatKnownNames(key, listNames(members))}`,
      ),
    spec.memberHas &&
      !members?.some(({ name }) => name === spec.memberHas) &&
      `memberHas: there is no field ${spec.memberHas} in its members${formatKnownNames(spec.memberHas, listNames(members))}`,
    ...[spec.unlike, spec.needs, spec.notBefore].map(
      (name) =>
        name !== undefined && !siblings.includes(name) && `there is no field ${name} in the same object${formatKnownNames(name, siblings)}`,
    ),
    spec.shares &&
      !siblings.includes(spec.shares) &&
      `there is no field ${spec.shares} in the same object${formatKnownNames(spec.shares, siblings)}`,
  ];
}

/** Checks for keywords that exclude each other. */
function checkCombinations({ spec, keyPath }: Field): unknown[] {
  return [
    spec.readOnly && spec.needs && 'a field that is readOnly is in no request: needs: has no effect',
    spec.readOnly && spec.onlyIn && 'a field that is readOnly is in no request: onlyIn: has no effect',
    spec.onlyIn === 'update' && spec.required && 'a field that a create may not set cannot be required',
    spec.shares && keyPath.length > 1 && 'shares: is for a field that is not in an object',
    spec.instead && keyPath.length > 1 && 'instead: is for a field that is not in an object',
    spec.omit && spec.writeOnly && 'a field that is writeOnly is in no response: omit: has no effect',
    spec.readOnly && spec.required && 'a field that is readOnly is in no request: it cannot be required',
    spec.reads &&
      (spec.codes || spec.synonyms || spec.otherwise !== undefined) &&
      'reads: is a table of its own: leave out codes:, synonyms:, otherwise:',
    ...(spec.enum
      ? Object.values(spec.reads ?? {}).map((word) => !spec.enum!.includes(word) && `reads: ${word} is not one of the words of enum:`)
      : []),
    spec.pattern !== undefined &&
      spec.patternMeans === undefined &&
      'pattern: error texts do not show the regular expression: describe it with patternMeans:, as in patternMeans: ten digits',
    spec.patternMeans !== undefined && spec.pattern === undefined && 'patternMeans: there is no pattern: leave it out, or write one',
    spec.nullable && (spec.required || spec.readOnly) && 'nullable: is for a field that a request may leave out',
    spec.codes && spec.enum && 'codes: already lists the words: remove enum:',
    spec.default !== undefined && spec.default !== '' && spec.required && "a field that is required needs no default but ''",
    spec.past && !isDay(spec) && 'past: needs a field that is a date',
    spec.atLeastYears !== undefined && !isDay(spec) && 'atLeastYears: needs a field that is a date',
    /^(date|instant|latest)\(/.test(spec.as ?? '') && spec.format && 'as: already has the format in its pattern: remove format:',
    spec.each && !spec.readOnly && spec.type !== 'string[]' && spec.as !== 'paragraphs' && 'each: of a single value can only be read',
  ];
}

const isDay = ({ format, as = '' }: FieldSpec): boolean => /^date\b(?!-)/.test(format ?? as);

const listNames = (fields: Field[] = []): string[] => fields.map(({ name }) => name);

interface Writer {
  keys: string[];
  name: string;
  path: WritablePath;
  owns?: Field['entryFilter'];
  list?: boolean;
  targets?: readonly string[] | undefined;
  shares?: string | undefined;
  needs?: string | undefined;
}

const listFieldWriters = (field: Field): Writer[] =>
  field.writtenPaths.map((path) => ({
    keys: toFieldKeys(field),
    name: field.keyPath.join('.'),
    path,
    shares: field.spec.shares,
    needs: field.spec.needs,
    list: field.members !== undefined,
    targets: path.type === 'Reference' && path.open.length ? field.codec.targets : undefined,
    ...(field.entryFilter && { owns: field.entryFilter }),
  }));

/** Whether a field is never written: read only, without a default, and no external step sets it. */
const isNeverWritten = ({ readOnly, default: standard }: FieldSpec, { port }: MappingSpec): boolean =>
  readOnly === true && port === undefined && (standard === undefined || standard === '');

/** Alternative forms count as one writer: only one has a value at a time. */
function withSharedForm(writer: Writer, { fields }: Lens): Writer {
  const [top] = writer.name.split('.');
  const forms = fields.flatMap(({ name, spec: { instead } }) => (instead === undefined ? [] : [name, instead]));
  const main = fields.find(({ name }) => name === top)?.spec.instead ?? top;
  return forms.includes(top!) ? { ...writer, shares: writer.shares ?? main } : writer;
}

/** All writers: fields, links and `also:`. */
function listWriters(lens: Lens, mapping: MappingSpec): Writer[] {
  const links = lens.leaves.flatMap((field) =>
    field.spec.link ? [{ keys: toFieldKeys(field), name: `the link of ${field.name}`, path: lens.names.compile(field.spec.link.to) }] : [],
  );
  const also = lens.also.map(({ path }, index) => ({ keys: ['also', String(index)], name: `also ${index + 1}`, path }));
  const own = lens.leaves.filter(({ spec }) => !isNeverWritten(spec, mapping)).flatMap(listFieldWriters);
  return [...own.map((writer) => withSharedForm(writer, lens)), ...links, ...also];
}

function checkOverlaps(leaves: Field[], all: Writer[], fault: Report): void {
  const writers = all.filter(({ path }) => path.readOnly === undefined);
  for (const [index, writer] of writers.entries()) {
    const other = writers.slice(0, index).find((before) => !isSameThing(before, writer) && isOverlap(before, writer));
    if (other)
      fault(
        writer.keys,
        new Error(`it writes where ${other.name} writes: ${suggestSeparation(other, writer)}, or make one of them readOnly`),
      );
    const early = writer.path.steps.find((step) => step.index !== undefined && step.index > 0 && !hasNeighbour(writer, step.index, leaves));
    if (early)
      fault(
        writer.keys,
        new Error(
          `${early.name} has no member ${early.index} without one before it: no required field writes that one: name the field that does with needs:`,
        ),
      );
  }
}

/** How to make two writers disjoint. */
function suggestSeparation(...both: [Writer, Writer]): string {
  const isAsked = ({ path }: Writer): boolean => path.steps.some((step) => readConditions(step).length > 0);
  return both.some(({ list }) => list) && both.every(isAsked)
    ? "one member can meet the conditions of both: ask for two values of one element, as in system='phone' and system='email'"
    : 'separate the two with where(…)';
}

/** Whether two writers may have one path: the same field, fields with `shares:`, or a field and the one that it needs. */
function isSameThing(a: Writer, b: Writer): boolean {
  return (a.shares ?? a.name) === (b.shares ?? b.name) || a.name === b.needs || b.name === a.needs;
}

/** Whether the member before an index is written by a required or needed field: FHIR lists have no gaps. */
function hasNeighbour({ path, needs }: Writer, index: number, leaves: Field[]): boolean {
  const names = path.steps.map(({ name }) => name).join('.');
  return leaves.some(
    ({ name, spec, paths: [main] }) =>
      (spec.required || name === needs) &&
      main!.steps.map(({ name }) => name).join('.') === names &&
      main!.steps.some((step) => step.index === index - 1),
  );
}

/** Reports lets that no path uses. */
function checkLets({ let: lets = {}, ...rest }: MappingSpec, fault: Report): void {
  const used = (texts: unknown, known: string[] = []): string[] => {
    const unused = Object.keys(lets).filter((name) => !known.includes(name) && new RegExp(`%${name}\\b`).test(JSON.stringify(texts)));
    return unused.length
      ? used(
          unused.map((name) => lets[name]),
          [...known, ...unused],
        )
      : known;
  };
  const usedNames = used(rest);
  for (const name of Object.keys(lets))
    if (!usedNames.includes(name)) fault(['let', name], new Error('no path uses it: use it in one, or remove it'));
}

/** Reports `onlyIn:` with an interaction that the mapping does not have. */
function checkKinds(fields: Field[], interactions: MappingSpec['interactions'], fault: Report): void {
  for (const field of fields) {
    const { onlyIn } = field.spec;
    if (onlyIn && !KINDS[onlyIn].some((interaction) => interactions.includes(interaction)))
      fault(
        toFieldKeys(field),
        new Error(
          `onlyIn: ${onlyIn} is not offered, so no request can set the field: add ${KINDS[onlyIn][0]} to interactions, or leave the field out`,
        ),
      );
    checkKinds([...(field.fields ?? []), ...(field.members ?? [])], interactions, fault);
  }
}

const KINDS = { create: ['create', 'perform'], update: ['update', 'replace'] } as const;

/** Checks the names of fields in other keywords. */
function checkNames(lens: Lens, { row, unique, into, belongs = [], except = {}, interactions }: MappingSpec, fault: Report): void {
  const names = lens.fields.map(({ name }) => name);
  const known = (keys: string[], used: string[]): void => {
    for (const name of used) if (!names.includes(name)) fault(keys, new Error(`there is no field ${name}${formatKnownNames(name, names)}`));
  };
  for (const { name, spec } of lens.fields) if (spec.instead) known(['fields', name, 'instead'], [spec.instead]);
  const fieldNames = lens.fields.filter(({ spec }) => !spec.writeOnly).map(({ name }) => name);
  for (const name of belongs) {
    if (!fieldNames.includes(name)) fault(['belongs'], new Error(`no field ${name} is shown${formatKnownNames(name, fieldNames)}`));
  }
  known(['except'], Object.keys(except));
  if (row) known(['row', 'key'], [row.key]);
  known(
    ['into'],
    [...(into ?? '').matchAll(/\{(\w+)\}/g)].map(([, name]) => name!),
  );
  if (unique) known(['unique'], [...unique.within, ...Object.keys(unique.compare)]);
  for (const [index, { same, agree = [], lacking = [] }] of (unique?.any ?? []).entries()) {
    const uncompared = [...same, ...agree, ...lacking].filter((name) => !(name in unique!.compare));
    if (uncompared.length)
      fault(['unique', 'any', String(index)], new Error(`compare: does not say how ${uncompared.join(', ')} is compared`));
  }
  if (interactions.includes('read') && !names.includes(lens.idName))
    fault(['fields'], new Error('items that are read by id need a field with the id: { fhir: id, readOnly: true }'));
}
