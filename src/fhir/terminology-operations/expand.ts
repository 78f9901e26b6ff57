// ValueSet/$expand: a page of the codes of a value set. https://hl7.org/fhir/R4/valueset-operation-expand.html
import { foldText } from '../indexing/text-folding.ts';
import type { OperationParameters } from '../operation-parameters.ts';
import { tooCostly } from '../outcome.ts';
import type { ValueSet } from '../terminology/value-set.ts';
import type { Resource } from '../types.ts';
import { chooseDisplay, type ListedCode, listExpandedCodes } from './listed-codes.ts';
import { requireValueSet, type TerminologyCall, type TerminologyOperation } from './operation.ts';

/** The most codes of one response. */
const MAX_PAGE = 1000;

export const EXPAND: TerminologyOperation = {
  name: '$expand',
  parameters: {
    url: { type: 'uri' },
    valueSet: { type: 'ValueSet', asBody: true },
    valueSetVersion: { type: 'string' },
    filter: { type: 'string' },
    offset: { type: 'integer' },
    count: { type: 'integer' },
    includeDesignations: { type: 'boolean' },
    designation: { type: 'string', list: true },
    includeDefinition: { type: 'boolean' },
    activeOnly: { type: 'boolean' },
    excludeNested: { type: 'boolean' },
    excludeNotForUI: { type: 'boolean' },
    excludePostCoordinated: { type: 'boolean' },
    displayLanguage: { type: 'code' },
    'exclude-system': { type: 'canonical', list: true },
  },
  run: expandValueSet,
};

function expandValueSet(call: TerminologyCall): Resource {
  const { parameters, terminology } = call;
  const [offset, count] = [parameters.integer('offset') ?? 0, parameters.integer('count')];
  const valueSet = requireValueSet(call);
  const codes = listExpandedCodes(valueSet, terminology).filter(buildTest(parameters));
  // R4: a server should refuse an expansion that is too large to return at once
  if (count === undefined && codes.length - offset > MAX_PAGE)
    throw tooCostly(
      `the value set has ${codes.length} codes: ask for pages of up to ${MAX_PAGE} with count and offset, or narrow it with filter`,
    );
  const page = codes.slice(offset, offset + Math.min(count ?? MAX_PAGE, MAX_PAGE));
  return {
    resourceType: 'ValueSet',
    ...showDefinition(valueSet, parameters.flag('includeDefinition')),
    status: valueSet.status ?? 'unknown',
    expansion: {
      identifier: `urn:uuid:${call.newId()}`,
      timestamp: call.at,
      total: codes.length,
      offset,
      parameter: [...listUsedParameters(parameters), ...listVersions(codes)],
      ...(page.length && { contains: page.map((code) => toContained(code, parameters)) }),
    },
  };
}

const FACTS = ['id', 'url', 'version', 'name', 'title', 'status', 'compose'] as const;

/** What the response has of the definition: `includeDefinition` adds the rules by which codes are chosen. */
function showDefinition(valueSet: ValueSet, withDefinition: boolean): object {
  const shown = new Set<string>(withDefinition ? FACTS : FACTS.slice(0, -1));
  return Object.fromEntries(Object.entries(valueSet).filter(([name]) => shown.has(name)));
}

function buildTest(parameters: OperationParameters): (code: ListedCode) => boolean {
  const words = splitWords(parameters.text('filter') ?? '');
  const excluded = new Set(parameters.texts('exclude-system').map((canonical) => canonical.split('|')[0]));
  const [activeOnly, forUi, language] = [
    parameters.flag('activeOnly'),
    parameters.flag('excludeNotForUI'),
    parameters.text('displayLanguage'),
  ];
  return (code) =>
    !(activeOnly && code.isInactive) &&
    !(forUi && code.isAbstract) &&
    !excluded.has(code.system) &&
    (!words.length || matchesWords(code, words, language));
}

const splitWords = (text: string): string[] => foldText(text).split(' ').filter(Boolean);

/** Each word of the filter begins a word of the display, or is in the code. R4 leaves to the server how a filter matches. */
function matchesWords(code: ListedCode, words: readonly string[], language: string | undefined): boolean {
  const text = ` ${foldText(chooseDisplay(code, language) ?? '')}`;
  const folded = foldText(code.code);
  return words.every((word) => text.includes(` ${word}`) || folded.includes(word));
}

/** Parameters that change the result. */
const listUsedParameters = (parameters: OperationParameters): object[] => [
  ...['filter', 'displayLanguage'].flatMap((name) => {
    const value = parameters.text(name);
    return value === undefined ? [] : [{ name, valueString: value }];
  }),
  ...['activeOnly', 'excludeNotForUI', 'includeDesignations'].flatMap((name) =>
    parameters.flag(name) ? [{ name, valueBoolean: true }] : [],
  ),
  ...parameters.texts('exclude-system').map((valueUri) => ({ name: 'exclude-system', valueUri })),
  ...['offset', 'count'].flatMap((name) => {
    const value = parameters.integer(name);
    return value === undefined ? [] : [{ name, valueInteger: value }];
  }),
];

/** The versions of the code systems. https://hl7.org/fhir/R4/valueset-definitions.html#ValueSet.expansion.parameter */
const listVersions = (codes: readonly ListedCode[]): object[] =>
  [...new Set(codes.flatMap(({ system, version }) => (version === undefined ? [] : [`${system}|${version}`])))].map((valueUri) => ({
    name: 'version',
    valueUri,
  }));

function toContained(code: ListedCode, parameters: OperationParameters): object {
  const display = chooseDisplay(code, parameters.text('displayLanguage'));
  const designation = chooseDesignations(code, parameters);
  return {
    system: code.system,
    ...(code.isAbstract && { abstract: true }),
    ...(code.isInactive && { inactive: true }),
    ...(code.version !== undefined && { version: code.version }),
    code: code.code,
    ...(display !== undefined && { display }),
    ...(designation.length && { designation }),
  };
}

/** `designation`: a use (`system|code`) or a language (`urn:ietf:bcp:47|de`, or `de`). */
function chooseDesignations({ designation }: ListedCode, parameters: OperationParameters): ListedCode['designation'] {
  const requested = parameters.texts('designation');
  if (!requested.length) return parameters.flag('includeDesignations') ? designation : [];
  return designation.filter(({ language, use }) =>
    requested.some((one) => one === language || one === `urn:ietf:bcp:47|${language}` || one === `${use?.system ?? ''}|${use?.code}`),
  );
}
