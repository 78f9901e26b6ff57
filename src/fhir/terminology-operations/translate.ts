// ConceptMap/$translate: the codes of another code system that a concept map gives for a code. https://hl7.org/fhir/R4/conceptmap-operation-translate.html
import { listObjects } from '../json-values.ts';
import type { OperationParameters } from '../operation-parameters.ts';
import { invalid } from '../outcome.ts';
import { buildParameters, type ResultParameter } from '../parameters.ts';
import { parseCanonical } from '../profile-claims.ts';
import type { ConceptMap, ConceptMapGroup, ConceptMapTarget, DependentValue } from '../terminology/value-set.ts';
import type { Resource } from '../types.ts';
import { CODED_PARAMETERS, type CodedInput, fitsVersion, readCodings } from './coded-input.ts';
import type { TerminologyCall, TerminologyOperation } from './operation.ts';

const { display: _display, ...CODED } = CODED_PARAMETERS;

export const TRANSLATE: TerminologyOperation = {
  name: '$translate',
  parameters: {
    url: { type: 'uri' },
    conceptMap: { type: 'ConceptMap', asBody: true },
    conceptMapVersion: { type: 'string' },
    ...CODED,
    system: { type: 'uri' },
    version: { type: 'string' },
    source: { type: 'uri' },
    target: { type: 'uri' },
    targetsystem: { type: 'uri' },
    dependency: { list: true },
    reverse: { type: 'boolean' },
  },
  run: translateCode,
};

/** The codings of a call. A code needs its system, because a concept map may have groups of several code systems. */
export function readTranslated(parameters: OperationParameters): CodedInput[] {
  const system = parameters.text('system');
  if (parameters.names.includes('code') && system === undefined) throw invalid('a code needs its system: send both');
  return readCodings(parameters, system, 'version');
}

interface Match {
  equivalence: string;
  system?: string;
  version?: string;
  code?: string;
  display?: string;
  products: readonly DependentValue[];
  /** The concept map. */
  source?: string;
}

function translateCode({ parameters, maps: { used, others } }: TerminologyCall): Resource {
  const target = parameters.text('targetsystem');
  const search: Search = {
    maps: [...used, ...others],
    isReverse: parameters.flag('reverse'),
    dependencies: listDependencies(parameters),
    ...(target !== undefined && { target: parseCanonical(target).url }),
  };
  const matches = readTranslated(parameters).flatMap((coding) => {
    const visited = new Set<ConceptMap>();
    return used.flatMap((map) => listMatches(coding, map, search, visited));
  });
  const unique = [...new Map(matches.map((match) => [JSON.stringify(match), match])).values()];
  const isTranslated = unique.some(({ equivalence }) => !NEGATIVE.has(equivalence));
  return buildParameters([
    { name: 'result', valueBoolean: isTranslated },
    isTranslated ? undefined : { name: 'message', valueString: explain(used, unique) },
    ...unique.map(toResultParameter),
  ]);
}

/** Equivalences that state that there is no corresponding code. https://hl7.org/fhir/R4/valueset-concept-map-equivalence.html */
const NEGATIVE: ReadonlySet<string> = new Set(['unmatched', 'disjoint']);

const explain = (maps: readonly ConceptMap[], matches: readonly Match[]): string =>
  maps.length === 0
    ? 'no concept map that fits the request has this code'
    : matches.length
      ? 'the concept map states that no code corresponds to this code'
      : 'the concept map has no entry for this code';

interface Search {
  /** All maps, also those to which others delegate. */
  maps: readonly ConceptMap[];
  isReverse: boolean;
  target?: string;
  dependencies: readonly DependentValue[];
}

/** `visited`: the maps that were asked for this coding already. The matches of a map are the same, whichever map delegates to it, so each is asked once. */
function listMatches(coding: CodedInput, map: ConceptMap, search: Search, visited: Set<ConceptMap>): Match[] {
  if (visited.has(map)) return [];
  visited.add(map);
  return (map.group ?? []).flatMap((group) => {
    const { source, sourceVersion, target, version } = orient(group, search.isReverse);
    if (!fits(source, coding.system) || !fitsVersion(sourceVersion, coding.version) || !fits(target, search.target)) return [];
    const found = search.isReverse ? findSources(coding, group) : findTargets(coding, group, search);
    if (!found.length && !search.isReverse) return applyUnmapped(coding, group, { map, search, visited });
    const facts = { ...(target !== undefined && { system: target }), ...(version !== undefined && { version }) };
    return found.map((match): Match => ({ ...facts, ...match, ...toSource(map) }));
  });
}

/** The code systems of a group in the direction of the translation. */
const orient = ({ source, sourceVersion, target, targetVersion }: ConceptMapGroup, isReverse: boolean) =>
  isReverse
    ? { source: target, sourceVersion: targetVersion, target: source, version: sourceVersion }
    : { source, sourceVersion, target, version: targetVersion };

/** A group or a call that names no code system fits any. */
const fits = (url: string | undefined, requested: string | undefined): boolean =>
  url === undefined || requested === undefined || parseCanonical(url).url === requested;

const toSource = ({ url }: ConceptMap) => (url === undefined ? {} : { source: url });

type FoundCode = Omit<Match, 'system' | 'version' | 'source'>;

const findTargets = ({ code }: CodedInput, { element = [] }: ConceptMapGroup, { dependencies }: Search): FoundCode[] =>
  element
    .filter((source) => source.code === code)
    .flatMap(({ target = [] }) => target)
    .filter(({ dependsOn = [] }) => dependsOn.every((needed) => dependencies.some((given) => isSame(needed, given))))
    .map(toFoundCode);

const isSame = (needed: DependentValue, given: DependentValue): boolean =>
  needed.property === given.property && needed.value === given.value && (needed.system === undefined || needed.system === given.system);

const toFoundCode = ({ equivalence, code, display, product = [] }: ConceptMapTarget): FoundCode => ({
  equivalence,
  ...(code !== undefined && { code }),
  ...(display !== undefined && { display }),
  products: product,
});

/** Equivalence → what it is from the other side: R4 describes the target in relation to the source. Others are symmetric. */
const REVERSED: Readonly<Record<string, string>> = {
  wider: 'narrower',
  narrower: 'wider',
  subsumes: 'specializes',
  specializes: 'subsumes',
};

const findSources = ({ code }: CodedInput, { element = [] }: ConceptMapGroup): FoundCode[] =>
  element.flatMap(({ target = [], ...source }) =>
    target
      .filter((one) => one.code === code)
      .map(({ equivalence }) => toFoundCode({ ...source, equivalence: REVERSED[equivalence] ?? equivalence })),
  );

/** What a group does with a code without an entry. https://hl7.org/fhir/R4/conceptmap.html#unmapped */
function applyUnmapped(
  coding: CodedInput,
  { element = [], unmapped, target, targetVersion }: ConceptMapGroup,
  { map, search, visited }: { map: ConceptMap; search: Search; visited: Set<ConceptMap> },
): Match[] {
  if (!unmapped || element.some(({ code }) => code === coding.code)) return [];
  if (unmapped.mode === 'other-map') {
    const other = search.maps.find(({ url }) => url !== undefined && url === parseCanonical(unmapped.url ?? '').url);
    return other ? listMatches(coding, other, search, visited) : [];
  }
  const isProvided = unmapped.mode === 'provided';
  const [code, display] = isProvided ? [coding.code, coding.display] : [unmapped.code, unmapped.display];
  return [
    {
      // the same code, or a code for everything else: R4 states no equivalence for either (inferred)
      equivalence: isProvided ? 'equal' : 'wider',
      ...(target !== undefined && { system: target }),
      ...(targetVersion !== undefined && { version: targetVersion }),
      ...(code !== undefined && { code }),
      ...(display !== undefined && { display }),
      products: [],
      ...toSource(map),
    },
  ];
}

/** The values of other elements that the caller knows: parts `element` and `concept`. */
const listDependencies = (parameters: OperationParameters): DependentValue[] =>
  parameters.elements('dependency').flatMap(({ part }) => {
    const parts = listObjects(part);
    const property = parts.find(({ name }) => name === 'element')?.valueUri;
    const codings = listObjects(listObjects([parts.find(({ name }) => name === 'concept')?.valueCodeableConcept])[0]?.coding);
    return codings.flatMap(({ system, code }) =>
      typeof property === 'string' && typeof code === 'string'
        ? [{ property, value: code, ...(typeof system === 'string' && { system }) }]
        : [],
    );
  });

function toResultParameter({ equivalence, products, source, ...concept }: Match): ResultParameter {
  return {
    name: 'match',
    part: [
      { name: 'equivalence', valueCode: equivalence },
      ...(concept.code === undefined ? [] : [{ name: 'concept', valueCoding: concept }]),
      ...products.map(({ property, system, value, display }) => ({
        name: 'product',
        part: [
          { name: 'element', valueUri: property },
          { name: 'concept', valueCoding: { ...(system && { system }), code: value, ...(display && { display }) } },
        ],
      })),
      ...(source === undefined ? [] : [{ name: 'source', valueUri: source }]),
    ],
  };
}
