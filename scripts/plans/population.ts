// A made-up population of all served types, in the proportions of a real store: the same number, the same resource. It is made from the element facts and
// the search parameters' own expressions, so that a new parameter of R4 or of a new type finds values in it.
import { findElement, isPrimitive, listElementNames } from '../../src/fhir/elements.ts';
import { listDefinitions } from '../../src/fhir/search/definitions.ts';
import { isServed, type Resource, SERVED_TYPES, type ServedType } from '../../src/fhir/types.ts';
import { BUILDERS, type Draw, drawFrom, primitive } from './values.ts';

/** Of a thousand resources so many are of a type; of the others five. */
const SHARE: Partial<Record<ServedType, number>> = {
  Observation: 410,
  Encounter: 90,
  DiagnosticReport: 80,
  ServiceRequest: 80,
  Condition: 60,
  Patient: 60,
  Provenance: 40,
  Task: 30,
  Specimen: 30,
  Coverage: 20,
  Consent: 20,
  QuestionnaireResponse: 15,
  RelatedPerson: 15,
  Slot: 10,
};
const OTHERS = 5;

/** How many resources there are of each type, when there are so many in all, and at least `least` of each. */
export function countsOf(total: number, least = 1): Map<ServedType, number> {
  const shares = SERVED_TYPES.map((type) => [type, SHARE[type] ?? OTHERS] as const);
  const sum = shares.reduce((all, [, share]) => all + share, 0);
  return new Map(shares.map(([type, share]) => [type, Math.max(least, Math.round((total * share) / sum))]));
}

/** The resource of a type with a number below its count. */
export function resourceOf(type: ServedType, number: number, counts: ReadonlyMap<ServedType, number>): Resource {
  const draw = drawFrom(Math.imul(number + 1, 0x9e3779b1) ^ (SERVED_TYPES.indexOf(type) * 0x85ebca6b), (target) => {
    const count = counts.get(target as ServedType);
    return count === undefined ? undefined : Math.min(count, MOST_TARGETS[target] ?? count);
  });
  const { extension: _none, ...found } = elementsOf(type, type, draw);
  return { resourceType: type, ...found, id: `${type.toLowerCase()}-${number}`, meta: metaOf(draw) };
}

/** Few lead to many: what refers to these refers to some of them again and again. */
const MOST_TARGETS: Record<string, number> = { Practitioner: 3000, Organization: 800, Location: 500 };

const chance = (draw: Draw, share: number): boolean => draw.number() < share;

const metaOf = (draw: Draw): NonNullable<Resource['meta']> => ({
  ...(chance(draw, 0.3) && { profile: [`http://example.org/StructureDefinition/p${draw.below(10)}`] }),
  ...(chance(draw, 0.2) && { tag: [{ system: 'http://example.org/tags', code: `t${draw.below(30)}` }] }),
  ...(chance(draw, 0.05) && { security: [{ system: 'http://terminology.hl7.org/CodeSystem/v3-Confidentiality', code: 'R' }] }),
  ...(chance(draw, 0.3) && { source: `http://example.org/feed/${draw.below(50)}` }),
});

/** The names that stand in a type's search expressions: what else a resource has, no search looks at. */
const named = new Map(
  SERVED_TYPES.map((type) => [type, new Set(listDefinitions(type, []).flatMap(({ expression }) => expression.match(/\w+/g) ?? []))]),
);

/** Of each choice one branch; lists have one or two items. */
function elementsOf(type: ServedType, path: string, draw: Draw): Record<string, unknown> {
  const names = listElementNames(path).filter((name) => !SKIPPED.has(name) && isWanted(type, path, name));
  const groups = Map.groupBy(names, (name) => findElement(path, name)!.choice ?? name);
  const found = [...groups.values()].flatMap((branches): [string, unknown][] => {
    if (findElement(path, branches[0]!)!.min === 0 && !chance(draw, 0.7)) return [];
    const usual = branches.find((branch) => branch === 'valueQuantity');
    const name = usual && chance(draw, 0.6) ? usual : branches[draw.below(branches.length)]!;
    const value = element(type, path, name, draw);
    return value === undefined ? [] : [[name, value]];
  });
  return Object.fromEntries(found);
}

const SKIPPED = new Set(['id', 'meta', 'contained', 'text', 'implicitRules', 'extension', 'modifierExtension']);

/** An element of the resource's own that a search may look at. */
function isWanted(type: ServedType, path: string, name: string): boolean {
  const { choice } = findElement(path, name)!;
  const word = choice ? choice.replace('[x]', '') : name;
  const reached = named.get(type)!.has(word) || (path !== type && ['code', 'value'].includes(word));
  return reached || name === 'multipleBirthInteger' || name === 'position';
}

function element(type: ServedType, path: string, name: string, draw: Draw): unknown {
  const facts = findElement(path, name)!;
  const one = (): unknown => {
    const kind = facts.types[0]!;
    if (isPrimitive(kind)) return primitive(kind, { name, ...(facts.bound !== undefined && { bound: facts.bound }) }, draw);
    if (Object.hasOwn(BUILDERS, kind)) return BUILDERS[kind]!(draw, { name, targets: facts.targets });
    if (!isServed(kind.split('.')[0]!)) return undefined;
    const inner = elementsOf(type, kind, draw);
    return Object.keys(inner).length ? inner : undefined;
  };
  if (!facts.list) return one();
  const items = Array.from({ length: chance(draw, 0.2) ? 2 : 1 }, one).filter((item) => item !== undefined);
  return items.length ? items : undefined;
}
