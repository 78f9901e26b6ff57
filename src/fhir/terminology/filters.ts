// The filters of value sets: which codes of a code system have a property. https://hl7.org/fhir/R4/valueset-filter-operator.html,
// https://hl7.org/fhir/R4/codesystem.html#defined-props
import { filterByPattern } from './bounded-pattern.ts';
import { type ConceptTree, listPropertyCodes } from './concepts.ts';
import type { Concept, ConceptProperty, Inclusion } from './value-set.ts';

type Filter = NonNullable<Inclusion['filter']>[number];
type Codes = ReadonlySet<string>;

/** The codes that a filter selects. Undefined: the operator is unknown, or the code system does not define the property. */
export function applyFilter(tree: ConceptTree, { property, op, value }: Filter): Codes | undefined {
  const isCode = CODE_PROPERTIES.has(property);
  if (isCode && Object.hasOwn(HIERARCHY_FILTERS, op)) return HIERARCHY_FILTERS[op]!(tree, value);
  const select = Object.hasOwn(VALUE_FILTERS, op) ? VALUE_FILTERS[op]! : undefined;
  if (!select || !(isCode || isDefined(tree, property))) return undefined;
  return select(
    tree.codes.map((code) => [code, isCode ? [code] : listValues(tree, code, property)]),
    value,
  );
}

/** Names of the code itself. */
const CODE_PROPERTIES: Codes = new Set(['concept', 'code']);

/** Operator → the selection by the hierarchy from one code. */
const HIERARCHY_FILTERS: Readonly<Record<string, (tree: ConceptTree, code: string) => Codes>> = {
  'is-a': (tree, code) => new Set(tree.listBelow(code)),
  'descendent-of': (tree, code) => new Set(tree.listBelow(code).slice(1)),
  'is-not-a': (tree, code) => new Set(tree.codes).difference(new Set(tree.listBelow(code))),
  generalizes: (tree, code) => new Set(tree.listAbove(code)),
};

/** Each code with the texts of its property. */
type CodesWithValues = readonly (readonly [code: string, values: readonly string[]])[];

const selectBy = (all: CodesWithValues, test: (values: readonly string[]) => boolean): Codes =>
  new Set(all.filter(([, values]) => test(values)).map(([code]) => code));

/** Operator → the selection by the values of a property. */
const VALUE_FILTERS: Readonly<Record<string, (all: CodesWithValues, value: string) => Codes>> = {
  '=': (all, value) => selectBy(all, (values) => values.includes(value)),
  in: (all, value) => selectBy(all, (values) => values.some((one) => splitList(value).has(one))),
  'not-in': (all, value) => selectBy(all, (values) => !values.some((one) => splitList(value).has(one))),
  exists: (all, value) => selectBy(all, (values) => values.length > 0 === (value === 'true')),
  regex(all, value) {
    const matching = new Set(filterByPattern([...new Set(all.flatMap(([, values]) => values))], value));
    return selectBy(all, (values) => values.some((one) => matching.has(one)));
  },
};

const splitList = (value: string): Codes => new Set(value.split(',').map((one) => one.trim()));

/** Whether the values of a property are known. The displays are, if the definition has any. */
function isDefined({ system, codes, find }: ConceptTree, property: string): boolean {
  if (property === 'display') return codes.some((code) => find(code)!.display !== undefined);
  if (property === 'parent' || property === 'child') return true;
  return system.property?.some(({ code }) => code === property) ?? false;
}

function listValues(tree: ConceptTree, code: string, property: string): readonly string[] {
  const concept = tree.find(code)!;
  if (property === 'display') return concept.display === undefined ? [] : [concept.display];
  if (listPropertyCodes(tree.system, 'parent').has(property)) return tree.listParents(code);
  if (listPropertyCodes(tree.system, 'child').has(property)) return tree.listChildren(code);
  return listProperties(concept, property).map(formatPropertyValue);
}

const listProperties = ({ property = [] }: Concept, code: string): ConceptProperty[] => property.filter((one) => one.code === code);

/** The value of a property as the text of a filter: of a Coding its code. */
function formatPropertyValue({ code: _code, ...property }: ConceptProperty): string {
  const value = Object.entries(property).find(([name]) => name.startsWith('value'))?.[1];
  return value !== null && typeof value === 'object' && 'code' in value ? String(value.code) : String(value);
}

/** Whether one of FHIR's own properties of a concept is true (`notSelectable`, `inactive`). */
export const isTrueProperty = ({ system }: ConceptTree, concept: Concept, standard: string): boolean => {
  const names = listPropertyCodes(system, standard);
  return concept.property?.some(({ code, valueBoolean }) => names.has(code) && valueBoolean === true) ?? false;
};

/** Whether a concept is no longer in use. A deprecated concept still is. https://hl7.org/fhir/R4/codesystem-concept-properties.html */
export function isInactive(tree: ConceptTree, concept: Concept): boolean {
  const statuses = listPropertyCodes(tree.system, 'status');
  return (
    isTrueProperty(tree, concept, 'inactive') ||
    (concept.property?.some(({ code, valueCode }) => statuses.has(code) && (valueCode === 'retired' || valueCode === 'inactive')) ?? false)
  );
}
