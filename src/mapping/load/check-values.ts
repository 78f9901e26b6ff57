// Checks at start that a field fits its element: JSON type and FHIR type, reference targets, default, and limits.

import { formatSuggestion } from '../../fhir/closest-name.ts';
import { findElement } from '../../fhir/elements.ts';
import { explainUnboundCode } from '../../fhir/terminology/explain-code.ts';
import type { Step, WritablePath } from '../../fhir/writable-path/path.ts';
import type { Field } from '../lens/field.ts';
import { isServerValue } from '../lens/lens-read.ts';
import type { NameScope } from '../lens/name-scope.ts';
import { readConditions } from '../lens/step-syntax.ts';
import { findFormatError } from '../request/body-check.ts';
import type { FieldSpec } from '../spec.ts';
import { suggestKeyword, toFormatKind, toValueKind, type ValueKind } from './value-kinds.ts';

/** The errors in the value of a field. `from`: the FHIR type that its paths start from. */
export function checkValues(field: Field, names: NameScope, from: string): string[] {
  const { spec } = field;
  if (spec.list !== undefined) return checkRules(spec);
  const endings = field.paths.flatMap((path, index) => listEndings(path, spec, names).map((ending) => ({ ...ending, index })));
  const misfit = endings.flatMap((ending) => findMisfit(ending, spec) ?? [])[0];
  if (misfit !== undefined) return [misfit];
  const targets = endings.flatMap((ending) => checkTarget(ending, field, { names, from }) ?? []);
  return [checkType(spec), ...new Set(targets), checkCode(field), checkDefaultValue(field), ...checkRules(spec)].filter(
    (text) => text !== undefined,
  );
}

/** The end of a path, for each `each` path. */
interface Ending {
  path: WritablePath;
  type: string;
  steps: readonly Step[];
}

function listEndings(path: WritablePath, { each, as }: FieldSpec, names: NameScope): Ending[] {
  const paths = [each ?? []].flat().map((text) => names.compile(text, path.type));
  if (!paths.length) return [{ path, type: path.type, steps: path.steps }];
  return paths.map((valuePath) => ({
    path,
    type: valuePath.type,
    steps: as === 'joined' ? valuePath.steps : [...path.steps, ...valuePath.steps],
  }));
}

function findMisfit({ type, index }: Ending & { index: number }, spec: FieldSpec): string | undefined {
  const kind = toValueKind(spec, index);
  if (!kind.takes(type))
    return kind.word === undefined
      ? `it leads to a ${type}, which this field cannot show: ${suggestKeyword(type)}`
      : describeMisfit(kind, type);
  const format = kind.shows === 'string' ? toFormatKind(spec) : undefined;
  return format && !format.takes(type) ? describeMisfit(format, type) : undefined;
}

const describeMisfit = ({ word, meant }: ValueKind, type: string): string =>
  `${word} is for ${meant}, and this is of type ${type}: ${suggestKeyword(type)}`;

/** Finds a `type:` that does not fit the keyword. */
function checkType(spec: FieldSpec): string | undefined {
  const { word, shows } = toValueKind(spec, 0);
  const { type = 'string' } = spec;
  if (word === undefined || type === shows || (type === 'string[]' && shows === 'string')) return undefined;
  return `${word} shows ${TYPE_NAMES[shows]}: ${shows === 'string' ? 'leave type: out' : `write type: ${shows}`}`;
}

const TYPE_NAMES: Record<string, string> = { string: 'a text', boolean: 'a boolean', object: 'an object' };

/** Finds a reference to a type that R4 does not allow there: it could never be stored. */
function checkTarget({ path, steps }: Ending, { codec: { targets = [] } }: Field, { names, from }: { names: NameScope; from: string }) {
  if (!targets.length) return undefined;
  const holder = steps.length - (steps.at(-1)?.name === 'reference' ? 2 : 1);
  const before = holder > 0 ? steps[holder - 1]!.type : path.variable === undefined ? from : names.scope.variables[path.variable]!;
  if (holder < 0 && before === 'Reference') return undefined;
  const taken = steps[holder] && findElement(before, steps[holder].name)?.targets;
  if (steps[holder]?.type !== 'Reference') return 'it does not lead to a reference: add .reference after an element of type Reference';
  const invalidType = targets.find((type) => taken && !taken.includes(type) && !taken.includes('Resource'));
  if (invalidType)
    return `a ${invalidType} is not allowed in ${before}.${steps[holder].name}: write as: reference(…) with ${formatList(taken!)}`;
  return targets.length === 1 ? checkChoice(steps[holder], targets[0]!, taken) : undefined;
}

/** Checks that a field for references to one type selects by type: otherwise it could overwrite a reference to another type. */
function checkChoice(step: Step, choice: string, taken: readonly string[] = ['Resource']): string | undefined {
  const { name, repeats, open } = step;
  if (!repeats || open) return undefined;
  const resolvedTypes = readConditions(step).flatMap((condition) => ('resolves' in condition ? [condition.resolves] : []));
  const other = resolvedTypes.find((type) => type !== choice);
  if (other !== undefined) return `${name} is asked for references to ${other}, and the field shows those to ${choice}`;
  if (resolvedTypes.length || taken.every((type) => type === choice)) return undefined;
  return `${name} may refer to another type, which would be hidden and overwritten: write ${name}.where(resolve() is ${choice})`;
}

const formatList = (names: string[]): string => (names.length > 1 ? `${names.slice(0, -1).join(', ')} or ${names.at(-1)}` : names.join());

/** Finds `is(word)` with a code that the element cannot have. */
function checkCode({ spec: { as = '' }, paths: [main] }: Field): string | undefined {
  const [, word] = /^is\((.+)\)$/.exec(as) ?? [];
  return explainUnboundCode(word, main?.steps.at(-1)?.requiredValueSet);
}

/** Finds a default that a request could not send. A read-only field may have any word. */
function checkDefaultValue({ spec, codec, paths: [main] }: Field): string | undefined {
  const { default: standard, type = 'string', readOnly, enum: words = readOnly ? undefined : codec.words } = spec;
  if (standard === undefined || standard === null || standard === '' || isServerValue(standard) || !main) return undefined;
  if (!TYPE_GUARDS[type](standard)) return `default: ${JSON.stringify(standard)} is not a ${NOUNS[type]}: write a value of this field`;
  if (typeof standard !== 'string') return undefined;
  if (words && !words.includes(standard))
    return `default: ${standard} is not one of its words${formatSuggestion(standard, words)}; write one of ${words.join(', ')}`;
  const fault = (words || readOnly ? undefined : codec.validate?.(standard)) ?? (spec.format && findFormatError(spec.format, standard));
  return fault && `default: ${standard} ${fault}`;
}

const NOUNS = {
  string: 'string',
  boolean: 'boolean',
  number: 'number',
  integer: 'whole number',
  object: 'object',
  'string[]': 'list of texts',
};
const isObject = (value: unknown): boolean => typeof value === 'object' && !Array.isArray(value);
const TYPE_GUARDS: Record<keyof typeof NOUNS, (value: unknown) => boolean> = {
  string: (value) => typeof value === 'string',
  boolean: (value) => typeof value === 'boolean',
  number: (value) => typeof value === 'number',
  integer: Number.isInteger,
  object: isObject,
  'string[]': (value) => Array.isArray(value) && value.every((item) => typeof item === 'string'),
};

const RANGES = [
  ['minLength', 'maxLength'],
  ['minimum', 'maximum'],
  ['minItems', 'maxItems'],
] as const;
/** Limits that apply to values of one type only. */
const RULES = [
  { words: ['minLength', 'maxLength', 'pattern', 'enum', 'format'], of: ['string', 'string[]'], meant: 'texts' },
  { words: ['minimum', 'maximum'], of: ['number', 'integer'], meant: 'numbers' },
  { words: ['minItems', 'maxItems'], of: ['string[]'], meant: 'lists' },
] as const;

function checkRules(spec: FieldSpec): string[] {
  const type = spec.list === undefined ? toValueKind(spec, 0).shows : 'string[]';
  const valueType = spec.type === 'string[]' ? 'string[]' : type;
  const crossed = RANGES.flatMap(([least, upper]) =>
    (spec[least] ?? -Infinity) > (spec[upper] ?? Infinity)
      ? [`${least}: ${spec[least]} is more than ${upper}: ${spec[upper]}: no value satisfies both; exchange the two`]
      : [],
  );
  const idle = RULES.flatMap(({ words, of, meant }) =>
    words.flatMap((word) =>
      spec[word] === undefined || of.some((type) => type === valueType)
        ? []
        : [`${word}: is for ${meant}, and the field shows ${TYPE_NAMES[valueType] ?? 'a number'}: leave it out`],
    ),
  );
  return [...crossed, ...idle];
}
