// CodeSystem/$lookup: what is known of a code. https://hl7.org/fhir/R4/codesystem-operation-lookup.html

import { invalid, notFound, notSupported } from '../outcome.ts';
import { buildParameters, type ResultParameter } from '../parameters.ts';
import { buildConceptTree, type ConceptTree } from '../terminology/concepts.ts';
import { formatNotKnown } from '../terminology/expansion.ts';
import { isInactive } from '../terminology/filters.ts';
import { toCanonical } from '../terminology/terminology.ts';
import type { Concept, Designation } from '../terminology/value-set.ts';
import type { Resource } from '../types.ts';
import { chooseDisplay, describeCode } from './listed-codes.ts';
import type { TerminologyCall, TerminologyOperation } from './operation.ts';

export const LOOKUP: TerminologyOperation = {
  name: '$lookup',
  parameters: {
    code: { type: 'code' },
    system: { type: 'uri' },
    version: { type: 'string' },
    coding: { type: 'Coding' },
    displayLanguage: { type: 'code' },
    property: { type: 'code', list: true },
  },
  run: lookUpCode,
};

function lookUpCode({ parameters, terminology }: TerminologyCall): Resource {
  const { system, version, code } = readCode(parameters);
  const canonical = toCanonical(system, version);
  const known = terminology.findCodeSystem(canonical);
  if (!known) throw notFound(`${formatNotKnown('code system', canonical)}: store it, or load the package that defines it`);
  const tree = buildConceptTree(known);
  const concept = tree.find(code);
  if (!concept && known.content !== 'complete') throw notSupported(`not all codes of ${system} are known here`);
  if (!concept) throw notFound(`the code system ${system} has no code ${code}`);
  const requested = parameters.texts('property');
  const isShown = (name: string): boolean => !requested.length || requested.includes(name);
  const facts = describeCode(system, code, tree);
  return buildParameters([
    { name: 'name', valueString: known.name ?? known.title ?? system },
    known.version === undefined ? undefined : { name: 'version', valueString: known.version },
    // the display is required, so a code without one is shown by its code
    { name: 'display', valueString: chooseDisplay(facts, parameters.text('displayLanguage')) ?? concept.code },
    ...(isShown('designation') ? facts.designation.map(toDesignation) : []),
    ...listProperties(tree, concept).filter(({ part }) => isShown(String(part![0]!.valueCode))),
  ]);
}

function readCode(parameters: TerminologyCall['parameters']): { system: string; version?: string; code: string } {
  const coding = parameters.element('coding');
  const isByCode = parameters.names.includes('code');
  if (isByCode === (coding !== undefined)) throw invalid('send either code and system, or coding');
  const code = coding ? coding.code : parameters.text('code');
  const system = coding ? coding.system : parameters.text('system');
  const version = coding ? coding.version : parameters.text('version');
  if (typeof system !== 'string' || typeof code !== 'string') throw invalid('a code needs its system: send both');
  return { system, code, ...(typeof version === 'string' && { version }) };
}

const toDesignation = ({ language, use, value }: Designation): ResultParameter => ({
  name: 'designation',
  part: [
    ...(language === undefined ? [] : [{ name: 'language', valueCode: language }]),
    ...(use === undefined ? [] : [{ name: 'use', valueCoding: use }]),
    { name: 'value', valueString: value },
  ],
});

/** The definition, the place in the hierarchy, whether the code is in use, and the properties of the concept. */
function listProperties(tree: ConceptTree, concept: Concept): ResultParameter[] {
  const hierarchy = new Set(['parent', 'child', 'inactive']);
  return [
    ...(concept.definition === undefined ? [] : [toProperty('definition', { valueString: concept.definition })]),
    ...tree.listParents(concept.code).map((code) => toProperty('parent', { valueCode: code })),
    ...tree.listChildren(concept.code).map((code) => toProperty('child', { valueCode: code })),
    toProperty('inactive', { valueBoolean: isInactive(tree, concept) }),
    ...(concept.property ?? []).filter(({ code }) => !hierarchy.has(code)).map(({ code, ...value }) => toProperty(code, value)),
  ];
}

function toProperty(code: string, value: Record<string, unknown>): ResultParameter {
  const [name, content] = Object.entries(value).find(([member]) => member.startsWith('value')) ?? [];
  return {
    name: 'property',
    part: [{ name: 'code', valueCode: code }, ...(name === undefined ? [] : [{ name: 'value', [name]: content }])],
  };
}
