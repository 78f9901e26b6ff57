// Fields that share a repeating element and select different members do not affect each other or foreign members. The pairs cover every repeating element of
// every served type, at the top of a mapping and in the members of a list.

import { type Resource, SERVED_TYPES } from '../../src/fhir/types.ts';
import { compilePath } from '../../src/fhir/writable-path/path.ts';
import type { View } from '../../src/mapping/shape.ts';
import type { FieldSpec } from '../../src/mapping/spec.ts';
import { randomResource } from '../fhir/random-resource.ts';
import { buildExampleEnv } from './examples.ts';
import { choicesOf, type Pair, pairsIn, planted, repeatingIn } from './planted-fields.ts';

const ENV = buildExampleEnv();
const SEEDS = [20261123, 20261124, 20261125];

type Node = Record<string, unknown>;

/** A pair of fields in a mapping of its own: `node` is what holds their element, the resource or a member of a list. */
interface Planting {
  name: string;
  element: string;
  /** The view while the two fields have these members. */
  view(one: number[], other: number[]): View;
  read(resource: Resource): View;
  write(change: View, into: Resource): Resource;
  nodeOf(resource: Resource): Node;
  withNode(resource: Resource, node: Node): Resource;
  /** The members of the element that neither of the two fields chooses. */
  strangers(node: Node): unknown[];
}

function pairOf(type: string, { name, element, fields }: Pair): Pick<Planting, 'name' | 'element' | 'view' | 'strangers'> {
  const [one, other] = fields;
  const paths = fields.map(({ place }) => compilePath(place, { type, usePreference: {}, inStoredOrder: true }));
  return {
    name,
    element,
    view: (members, others) => ({ one: one.shows(members), other: other.shows(others) }),
    strangers(node) {
      const chosen = paths.flatMap((path) => path.get(node, ENV));
      return membersAt(node, element).filter((member) => !chosen.includes(member));
    },
  };
}

const membersAt = (node: Node, element: string): unknown[] => (node[element] ?? []) as unknown[];

/** Two fields of a mapping. */
function beside(type: string, pair: Pair): Planting {
  const { lens, refused } = planted(type, { one: pair.fields[0].spec, other: pair.fields[1].spec });
  expect(refused).toEqual([]);
  return {
    ...pairOf(type, pair),
    read: (resource) => lens.read(resource, ENV),
    write: (change, into) => lens.write({ ...lens.read(into, ENV), ...change }, into, ENV),
    nodeOf: (resource) => resource,
    withNode: (_, node) => node as Resource,
  };
}

/** Two fields of the members of a list; the last member is the one that is written. */
function within(type: string, list: { name: string; type: string }, pair: Pair): Planting {
  const [one, other] = pair.fields;
  const members = { list: list.name, key: 'known', fields: { known: { fhir: '$this.id' }, one: one.spec, other: other.spec } };
  const { lens, refused } = planted(type, { members });
  expect(refused).toEqual([]);
  const visible = (resource: Resource): View[] => lens.read(resource, ENV).members as View[];
  return {
    ...pairOf(list.type, pair),
    name: `${pair.name} in a list of ${list.name}`,
    read(resource) {
      const { one, other } = visible(resource).at(-1)!;
      return { one, other };
    },
    write(change, into) {
      const view = visible(into);
      return lens.write({ members: view.with(-1, { ...view.at(-1), ...change }) }, into, ENV);
    },
    nodeOf: (resource) => membersAt(resource, list.name).at(-1) as Node,
    withNode: (resource, node) => ({ ...resource, [list.name]: membersAt(resource, list.name).with(-1, node) }),
  };
}

/** A random resource whose list has members that are known by their ids. */
function withList(type: string, name: string, seed: number): Resource {
  const resource = randomResource(type as (typeof SERVED_TYPES)[number], seed);
  const members = [...membersAt(resource, name), {}].map((member, index) => ({ id: `m${index}`, ...(member as Node) }));
  return { ...resource, [name]: members };
}

/** What breaks the laws in one resource. */
function breachesOf({ name, element, view, read, write, nodeOf, withNode, strangers }: Planting, before: Resource): string[] {
  const failures: string[] = [];
  const law = (what: string, actual: unknown, expected: unknown): void => {
    const texts = [actual, expected].map((value) => JSON.stringify(value));
    if (texts[0] !== texts[1]) failures.push(`${name}: ${what}: ${texts[0]}, not ${texts[1]}`);
  };
  const addForeignElement = (resource: Resource): unknown => withNode(resource, { ...nodeOf(resource), [element]: 'x' });
  const both = write(view([1, 2], [3, 4]), before);
  law('written together', read(both), view([1, 2], [3, 4]));
  law(
    'written together, strangers',
    [strangers(nodeOf(both)), addForeignElement(both)],
    [strangers(nodeOf(before)), addForeignElement(before)],
  );
  const mixed = withNode(both, { ...nodeOf(both), [element]: membersAt(nodeOf(both), element).toReversed() });
  const current = read(mixed);
  law('written back', write(current, mixed), mixed);
  const changes: [what: string, asked: View][] = [
    ['the first changed', { one: view([5, 1], []).one }],
    ['the second changed', { other: view([], [6, 3]).other }],
    ['both changed', view([5, 1], [6, 3])],
    ['the first emptied', { one: view([], []).one }],
    ['the second emptied', { other: view([], []).other }],
    ['the first emptied, the second changed', view([], [7])],
  ];
  for (const [what, change] of changes) {
    const after = write(change, mixed);
    law(what, read(after), { ...current, ...change });
    law(`${what}, strangers`, strangers(nodeOf(after)), strangers(nodeOf(mixed)));
    law(`${what}, outside`, addForeignElement(after), addForeignElement(mixed));
    law(`${what}, written again`, write({ ...current, ...change }, after), after);
  }
  return failures;
}

/** Repeating elements whose members these pairs cannot tell apart by one child and show another of: all but one child repeat, are one choice or have other types. */
const UNTRIED = [
  'Condition.evidence',
  'Period',
  'ChargeItemDefinition.propertyGroup',
  'ClaimResponse.item',
  'Communication.payload',
  'CommunicationRequest.payload',
  'Composition.relatesTo',
  'Composition.event',
  'Contract.friendly',
  'Contract.legal',
  'Contract.rule',
  'DetectedIssue.evidence',
  'Device.deviceName',
  'DeviceDefinition.deviceName',
  'DeviceMetric.calibration',
  'EffectEvidenceSynthesis.certainty',
  'ImplementationGuide.global',
  'MedicinalProductInteraction.interactant',
  'PaymentReconciliation.processNote',
  'RiskEvidenceSynthesis.certainty',
  'StructureDefinition.context',
  'CapabilityStatement.rest.interaction',
  'CapabilityStatement.messaging.supportedMessage',
  'ClaimResponse.item.detail',
  'CoverageEligibilityRequest.item.diagnosis',
  'DataRequirement.sort',
  'MeasureReport.group.stratifier',
  'PlanDefinition.action.relatedAction',
  'Questionnaire.item.initial',
  'RequestGroup.action.relatedAction',
  'VisionPrescription.lensSpecification.prism',
];

test('the pairs cover every repeating element whose members can be told apart by a child and show another', () => {
  const lists = SERVED_TYPES.flatMap((type) => repeatingIn(type));
  const untried = [...lists, ...lists.flatMap(({ type }) => repeatingIn(type))].filter(
    ({ type, targets }) => !choicesOf(type, targets).length,
  );
  expect([...new Set(untried.map(({ type }) => type))]).toEqual(UNTRIED);
});

test.each(SERVED_TYPES)(
  '%s: two fields of one repeating element are both stored and change independently, foreign members stay',
  (type) => {
    const resources = [{ resourceType: type }, ...SEEDS.map((seed) => randomResource(type, seed))];
    const wrong = pairsIn(type).flatMap((pair) => {
      const planting = beside(type, pair);
      return resources.flatMap((resource) => breachesOf(planting, resource));
    });
    expect(wrong).toEqual([]);
  },
);

/** One list for each type of member that there is. */
const lists = new Map(
  SERVED_TYPES.flatMap((type) => repeatingIn(type).map((list) => [list.type, { type, list }] as const)).filter(
    ([type]) => pairsIn(type).length,
  ),
);

test.each([...lists])('two fields in the members of a list of %s are both stored and change independently', (_type, { type, list }) => {
  const resource = withList(type, list.name, SEEDS[0]!);
  expect(pairsIn(list.type).flatMap((pair) => breachesOf(within(type, list, pair), resource))).toEqual([]);
});

describe('fields of other kinds', () => {
  const use = (fields: Record<string, FieldSpec>, resource: string) => {
    const { lens, refused } = planted(resource, fields);
    expect(refused).toEqual([]);
    return (view: View, into: object) => {
      const after = lens.write({ ...lens.read(into as Resource, ENV), ...view }, into as Resource, ENV);
      return { after: after as Node, shown: lens.read(after, ENV) };
    };
  };

  test.each([
    ['a map before a list', ['map', 'list', 'other']],
    ['a list before a map', ['list', 'other', 'map']],
  ])('%s, and another map, over the identifiers: all three change at once, foreign identifiers stay', (_what, order) => {
    const all: Record<string, FieldSpec> = {
      map: { fhir: 'identifier', as: 'keyed(system, value, %one)', type: 'object' },
      other: { fhir: 'identifier', as: 'keyed(system, value, %other)', type: 'object' },
      list: { list: 'identifier', where: "system='urn:mrn'", fields: { value: { fhir: 'value' } } },
    };
    const write = use(Object.fromEntries(order.map((name) => [name, all[name]!])), 'Patient');
    const identifier = [{ system: 'urn:stranger', value: '0' }, { system: 'urn:one:a', value: '1' }, { value: 'bare' }];
    const view = { map: { b: '2' }, other: { c: '3' }, list: [{ value: '4' }] };
    const { after, shown } = write(view, { resourceType: 'Patient', identifier });
    expect(shown).toEqual(view);
    expect(after.identifier).toEqual(expect.arrayContaining([identifier[0], identifier[2]]));
    expect(write({ map: {} }, after).shown).toEqual({ ...view, map: {} });
  });

  test('two lists of references to two types are both stored, and references to other types keep their position', () => {
    const references = (type: string): FieldSpec => ({
      fhir: 'generalPractitioner',
      each: 'reference',
      as: `reference(${type})`,
      type: 'string[]',
    });
    const write = use({ doctors: references('Practitioner'), clinics: references('Organization') }, 'Patient');
    const [one, two] = ['0190b3c2-0000-7000-8000-000000000001', '0190b3c2-0000-7000-8000-000000000002'];
    const stranger = { display: 'Dr Who' };
    const { after } = write({ doctors: [one], clinics: [two] }, { resourceType: 'Patient', generalPractitioner: [stranger] });
    expect(after.generalPractitioner).toEqual([stranger, { reference: `Practitioner/${one}` }, { reference: `Organization/${two}` }]);
  });

  test('a value that a list also shows is unset alone: the next value is shown, and is not removed', () => {
    const write = use(
      {
        phones: { list: 'telecom', where: "system='phone'", fields: { number: { fhir: 'value' } } },
        phone: { fhir: "telecom.where(system='phone').first().value", shares: 'phones' },
      },
      'Patient',
    );
    const telecom = ['1', '2'].map((value) => ({ system: 'phone', value }));
    expect(write({ phone: null }, { resourceType: 'Patient', telecom }).after.telecom).toEqual([telecom[1]]);
  });

  test('a list shows current elements in stored order, whatever order a single value prefers; ended elements keep their position', () => {
    const number = { number: { fhir: 'value' }, use: { fhir: 'use' } };
    const { lens } = planted('Patient', { phones: { list: 'telecom', where: "system='phone'", fields: number } });
    const env = { ...ENV, now: '2026-11-23T00:00:00Z' };
    const phones = ['work', 'home', 'mobile'].map((use, index) => ({ number: String(index), use }));
    const ended = { system: 'phone', value: '9', use: 'home', period: { end: '2015' } };
    const made = lens.write({ phones }, { resourceType: 'Patient', telecom: [ended] } as Resource, env);
    expect(lens.read(made, env)).toEqual({ phones });
    const turned = lens.write({ phones: phones.toReversed() }, made, env);
    expect(lens.read(turned, env)).toEqual({ phones: phones.toReversed() });
    expect((turned.telecom as unknown[])[0]).toBe(ended);
  });

  test('a changed code removes the text and the other codings of its concept, except those that another field writes', () => {
    const codes = (system: string) => `code.coding.where(system='${system}')`;
    const write = use(
      {
        local: { list: 'code.coding', where: "system='urn:local'", fields: { code: { fhir: 'code' } } },
        loinc: { fhir: `${codes('http://loinc.org')}.code` },
      },
      'Observation',
    );
    const [local, loinc, other] = ['urn:local', 'http://loinc.org', 'urn:other'].map((system) => ({ system, code: 'x' }));
    const before = { resourceType: 'Observation', code: { text: 'x', coding: [other, local, loinc] } };
    expect(write({ local: [{ code: 'y' }] }, before).after.code).toEqual({ coding: [{ ...local, code: 'y' }, loinc] });
    expect(write({ loinc: 'y' }, before).after.code).toEqual({ coding: [local, { ...loinc, code: 'y' }] });
  });
});
