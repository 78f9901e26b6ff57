// A field and its element go together: what the field shows is what the element holds, its standard value is one of its own, its rules can be met. At start.
import { didYouMean } from '../../fhir/closest-name.ts';
import { elementOf } from '../../fhir/elements.ts';
import type { Path, Step } from '../../fhir/path/path.ts';
import type { StepSyntax } from '../../fhir/path/path-syntax.ts';
import { unboundCode } from '../../fhir/validation/required-codes.ts';
import { formatFault } from '../body-check.ts';
import type { Field } from '../lens/field.ts';
import { isServerValue } from '../lens/lens-read.ts';
import type { Names } from '../lens/names.ts';
import type { FieldSpec } from '../spec.ts';
import { formatKind, insteadOf, type Kind, kindOf } from './value-kinds.ts';

/** What is wrong with the value of a field. `from`: the FHIR type its paths start from. */
export function valueProblems(field: Field, names: Names, from: string): string[] {
  const { spec } = field;
  if (spec.list !== undefined) return ruleProblems(spec);
  const endings = field.paths.flatMap((path, nth) => endingsOf(path, spec, names).map((ending) => ({ ...ending, nth })));
  const misfit = endings.flatMap((ending) => misfitOf(ending, spec) ?? [])[0];
  if (misfit !== undefined) return [misfit];
  const targets = endings.flatMap((ending) => targetProblem(ending, field, { names, from }) ?? []);
  return [typeProblem(spec), ...new Set(targets), codeProblem(field), standardProblem(field), ...ruleProblems(spec)].filter(
    (text) => text !== undefined,
  );
}

/** What a path leads to, by each of the `each` ways. */
interface Ending {
  path: Path;
  type: string;
  steps: readonly Step[];
}

function endingsOf(path: Path, { each, as }: FieldSpec, names: Names): Ending[] {
  const ways = [each ?? []].flat().map((text) => names.path(text, path.type));
  if (!ways.length) return [{ path, type: path.type, steps: path.steps }];
  return ways.map((way) => ({ path, type: way.type, steps: as === 'joined' ? way.steps : [...path.steps, ...way.steps] }));
}

function misfitOf({ type, nth }: Ending & { nth: number }, spec: FieldSpec): string | undefined {
  const kind = kindOf(spec, nth);
  if (!kind.takes(type))
    return kind.word === undefined ? `it leads to a ${type}, which is no value of this field: ${insteadOf(type)}` : unfit(kind, type);
  const format = kind.shows === 'string' ? formatKind(spec) : undefined;
  return format && !format.takes(type) ? unfit(format, type) : undefined;
}

const unfit = ({ word, meant }: Kind, type: string): string => `${word} is for ${meant}, and this is of type ${type}: ${insteadOf(type)}`;

/** The word shows one JSON type, and `type:` says another. */
function typeProblem(spec: FieldSpec): string | undefined {
  const { word, shows } = kindOf(spec, 0);
  const { type = 'string' } = spec;
  if (word === undefined || type === shows || (type === 'string[]' && shows === 'string')) return undefined;
  return `${word} shows ${NAMES[shows]}: ${shows === 'string' ? 'leave type: out' : `write type: ${shows}`}`;
}

const NAMES: Record<string, string> = { string: 'a text', boolean: 'a yes or no', object: 'an object' };

/** A reference to a type that R4 does not have there: it would be shown of nothing, and refused whenever it is written. A member of a list may itself be a reference. */
function targetProblem({ path, steps }: Ending, { codec: { targets = [] } }: Field, { names, from }: { names: Names; from: string }) {
  if (!targets.length) return undefined;
  const holder = steps.length - (steps.at(-1)?.name === 'reference' ? 2 : 1);
  const before = holder > 0 ? steps[holder - 1]!.type : path.variable === undefined ? from : names.scope.variables[path.variable]!;
  if (holder < 0 && before === 'Reference') return undefined;
  const taken = steps[holder] && elementOf(before, steps[holder].name)?.targets;
  if (steps[holder]?.type !== 'Reference') return 'it leads to no reference: go on to .reference of an element that is one';
  const wrong = targets.find((type) => taken && !taken.includes(type) && !taken.includes('Resource'));
  if (wrong) return `a ${wrong} cannot stand in ${before}.${steps[holder].name}: write as: reference(…) with ${listed(taken!)}`;
  return targets.length === 1 ? choiceProblem(steps[holder], targets[0]!, taken) : undefined;
}

/** A field that shows references to one type chooses among those: of others it would show nothing, and write over them. */
function choiceProblem({ name, key, repeats, open }: Step, shown: string, taken: readonly string[] = ['Resource']): string | undefined {
  if (!repeats || open) return undefined;
  const asked = (JSON.parse(key) as StepSyntax).where.flatMap((condition) => ('resolves' in condition ? [condition.resolves] : []));
  const other = asked.find((type) => type !== shown);
  if (other !== undefined) return `${name} is asked for references to ${other}, and the field shows those to ${shown}`;
  if (asked.length || taken.every((type) => type === shown)) return undefined;
  return `${name} may refer to something else, which would be hidden and written over: write ${name}.where(resolve() is ${shown})`;
}

const listed = (names: string[]): string => (names.length > 1 ? `${names.slice(0, -1).join(', ')} or ${names.at(-1)}` : names.join());

/** A word that the element can never hold. */
function codeProblem({ spec: { as = '' }, paths: [main] }: Field): string | undefined {
  const [, word] = /^is\((.+)\)$/.exec(as) ?? [];
  return unboundCode(word, main?.steps.at(-1)?.bound);
}

/** A standard value that a request could not say; one that is only shown may be a word that no table has. */
function standardProblem({ spec, codec, paths: [main] }: Field): string | undefined {
  const { default: standard, type = 'string', readOnly, enum: words = readOnly ? undefined : codec.words } = spec;
  if (standard === undefined || standard === null || standard === '' || isServerValue(standard) || !main) return undefined;
  if (!OF_TYPE[type](standard)) return `default: ${JSON.stringify(standard)} is no ${NOUNS[type]}: write a value of this field`;
  if (typeof standard !== 'string') return undefined;
  if (words && !words.includes(standard))
    return `default: ${standard} is none of its words${didYouMean(standard, words)}; write one of ${words.join(', ')}`;
  const fault = (words || readOnly ? undefined : codec.fault?.(standard)) ?? (spec.format && formatFault(spec.format, standard));
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
const OF_TYPE: Record<keyof typeof NOUNS, (value: unknown) => boolean> = {
  string: (value) => typeof value === 'string',
  boolean: (value) => typeof value === 'boolean',
  number: (value) => typeof value === 'number',
  integer: Number.isInteger,
  object: isObject,
  'string[]': (value) => Array.isArray(value) && value.every((one) => typeof one === 'string'),
};

const RANGES = [
  ['minLength', 'maxLength'],
  ['minItems', 'maxItems'],
] as const;
/** Rules that say something of a value of this type alone. */
const RULES = [
  { words: ['minLength', 'maxLength', 'pattern', 'enum', 'format'], of: ['string', 'string[]'], meant: 'texts' },
  { words: ['minItems', 'maxItems'], of: ['string[]'], meant: 'lists' },
] as const;

function ruleProblems(spec: FieldSpec): string[] {
  const type = spec.list === undefined ? kindOf(spec, 0).shows : 'string[]';
  const shown = spec.type === 'string[]' ? 'string[]' : type;
  const crossed = RANGES.flatMap(([least, most]) =>
    (spec[least] ?? 0) > (spec[most] ?? Infinity)
      ? [`${least}: ${spec[least]} is more than ${most}: ${spec[most]}: no value is both; exchange the two`]
      : [],
  );
  const idle = RULES.flatMap(({ words, of, meant }) =>
    words.flatMap((word) =>
      spec[word] === undefined || (of as readonly string[]).includes(shown)
        ? []
        : [`${word}: is for ${meant}, and the field shows ${NAMES[shown] ?? 'a number'}: leave it out`],
    ),
  );
  return [...crossed, ...idle];
}
