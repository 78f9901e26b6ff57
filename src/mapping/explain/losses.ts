// The losses of a mapping: elements of the resource that the shape does not show, and values that FHIR stores in another form.
import { listElementNames } from '../../fhir/elements.ts';
import type { WritablePath } from '../../fhir/writable-path/path.ts';
import type { Field } from '../lens/field.ts';
import type { LoadedShape } from '../load/loaded.ts';
import { isForwardJoin } from '../spec.ts';

interface Loss {
  /** An element of the resource, or a field of the shape. */
  what: string;
  how: string;
}

interface Losses {
  /** Elements that no field shows. */
  unseen: string[];
  /** Elements that fields show in part. */
  partly: Loss[];
  /** Fields that FHIR stores in another form than the request has. */
  changed: Loss[];
}

/** Elements that every resource type has. */
const COMMON_ELEMENTS = new Set([
  'resourceType',
  'id',
  'meta',
  'implicitRules',
  'language',
  'text',
  'contained',
  'extension',
  'modifierExtension',
]);

export function findLosses({ lens, mapping }: LoadedShape): Losses {
  const named = Object.values(mapping.content.let ?? {}).flatMap((one) =>
    typeof one === 'string' ? [] : one.first.map((text) => lens.names.compile(text)),
  );
  const joined = Object.values(mapping.content.with ?? {}).flatMap((spec) =>
    isForwardJoin(spec) ? [spec.to].flat().map((text) => lens.names.compile(text)) : [],
  );
  const paths = [...lens.leaves.flatMap((field) => [...field.paths, ...field.writtenPaths]), ...named, ...joined].filter(
    ({ variable }) => variable === undefined,
  );
  const parts = Map.groupBy(paths, ({ steps }) => steps[0]?.name ?? '');
  const names = listElementNames(mapping.content.resource).filter((name) => !COMMON_ELEMENTS.has(name));
  return {
    unseen: names.filter((name) => !parts.has(name)),
    partly: names.flatMap((name) => findPartialLoss(name, parts.get(name) ?? [])),
    changed: lens.leaves.flatMap((field) => describeChanges(field).map((change) => ({ what: field.keyPath.join('.'), how: change }))),
  };
}

/** Describes the loss of an element that fields show in part. An element is shown completely when a path ends at it. */
function findPartialLoss(name: string, paths: WritablePath[]): Loss[] {
  if (!paths.length || paths.some(({ steps }) => steps.length === 1 && steps[0]!.index === undefined && !steps[0]!.key.includes('"is"')))
    return [];
  const pathTexts = [...new Set(paths.map(({ text }) => text))];
  return [{ what: name, how: `only ${pathTexts.join(', ')}` }];
}

type ChangeRule = (field: Field) => string | false | undefined;

const CHANGE_RULES: ChangeRule[] = [
  ({ spec }) => spec.writeOnly && 'in requests only: it is stored and never shown',
  ({ paths, spec }) =>
    !spec.readOnly && paths[0]?.steps.some(({ name }) => name === 'extension') && 'FHIR has no element for it: it is kept in an extension',
  ({ spec }) =>
    spec.otherwise !== undefined && `a word that is not in the table is stored as ${spec.otherwise}, and kept beside it to be shown again`,
  ({ spec }) =>
    spec.synonyms &&
    !spec.readOnly &&
    `${Object.keys(spec.synonyms).join(', ')} share their codes with others: the word is kept beside the code`,
  ({ spec, codec }) => spec.reads && `${Object.keys(spec.reads).length} codes are shown as ${codec.words?.length} words`,
  ({ spec }) =>
    spec.follows &&
    `nobody is asked for it: it follows from ${Object.entries(spec.follows)
      .flatMap(([part, name]) => (part === 'as' ? [] : [name]))
      .join(', ')} when it is made`,
  ({ spec }) => spec.derived?.as === 'personName' && 'prefix, given and family name are a guess from the text',
  ({ spec, codec }) =>
    readCodecName(spec.as) === 'date' &&
    `a day, whatever was sent beside it, and shown as ${codec.format}${spec.as === 'date' ? '' : '; a year or a month alone is not shown'}`,
  ({ spec, codec }) => /^(?:instant|latest\()/.test(spec.as ?? '') && `in UTC, shown as ${codec.format}; a day without a time is not shown`,
  ({ spec }) => spec.as === 'time' && 'with seconds, which are shown only where they are not 00',
  ({ spec }) => spec.as === 'json' && 'kept as a text: nothing in it can be searched',
  ({ spec }) => spec.as?.startsWith('keyed') && 'one element per entry: the order of the entries is FHIR’s',
  ({ codec, spec }) => codec.targets && !spec.readOnly && `as a reference: only to a ${codec.targets.join(' or ')} of this server`,
  ({ spec }) => spec.link && 'a name that exactly one resource carries becomes a reference, too',
];

const readCodecName = (as: string | undefined): string | undefined => as?.replace(/\(.*/, '');

const describeChanges = (field: Field): string[] => CHANGE_RULES.map((change) => change(field)).filter((text) => typeof text === 'string');
