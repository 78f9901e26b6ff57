// What the other rooms ask of element facts.
import { elementNames, elementOf, isPrimitive } from '../../src/fhir/elements.ts';
import { SERVED_TYPES } from '../../src/fhir/types.ts';

test('an element knows its type and whether it is a list', () => {
  expect(elementOf('Patient', 'birthDate')).toMatchObject({ list: false, types: ['date'], min: 0, summary: true });
  expect(elementOf('Patient', 'name')).toMatchObject({ list: true, types: ['HumanName'] });
  expect(elementOf('HumanName', 'given')).toMatchObject({ list: true, types: ['string'] });
  expect(elementOf('ServiceRequest', 'intent')).toMatchObject({ min: 1 });
});

test('a backbone element leads to its own elements, a repeated one to the element it repeats', () => {
  expect(elementOf('Patient', 'contact')?.types).toEqual(['Patient.contact']);
  expect(elementOf('Patient.contact', 'organization')?.targets).toEqual(['Organization']);
  expect(elementOf('Observation.component', 'referenceRange')?.types).toEqual(['Observation.referenceRange']);
  expect(elementOf('Timing', 'repeat')?.types).toEqual(['Timing.repeat']);
});

test('a choice element answers under each of its names, and under the name of the definition', () => {
  expect(elementOf('Observation', 'valueString')).toMatchObject({ types: ['string'], choice: 'value[x]', list: false });
  expect(elementOf('Observation', 'value[x]')?.types).toContain('Quantity');
  expect(elementOf('ServiceRequest', 'asNeededBoolean')?.choice).toBe('asNeeded[x]');
  expect(elementOf('Observation', 'value')).toBeUndefined();
  expect(elementOf('Observation', 'valueHumanName')).toBeUndefined();
  expect(elementOf('Extension', 'valueDateTime')?.types).toEqual(['dateTime']);
});

test('only the reference branch of a choice carries targets', () => {
  expect(elementOf('Coverage', 'costToBeneficiary')?.types).toEqual(['Coverage.costToBeneficiary']);
  expect(elementOf('Group.characteristic', 'valueReference')?.targets).toBeUndefined();
  expect(elementOf('DiagnosticReport', 'subject')?.targets).toEqual(['Device', 'Group', 'Location', 'Patient']);
  expect(elementOf('Annotation', 'authorReference')?.targets).toContain('Practitioner');
  expect(elementOf('Annotation', 'authorString')?.targets).toBeUndefined();
});

test('a primitive has an object beside it, except ids, extension urls and XHTML', () => {
  expect(elementOf('Patient', '_birthDate')).toMatchObject({ types: ['Element'], list: false });
  expect(elementOf('HumanName', '_given')).toMatchObject({ types: ['Element'], list: true });
  expect(elementOf('Observation', '_valueString')?.choice).toBe('value[x]');
  expect(elementOf('Element', 'extension')?.types).toEqual(['Extension']);
  for (const [type, name] of [
    ['Patient', '_id'],
    ['Patient', '_name'],
    ['Extension', '_url'],
    ['Narrative', '_div'],
  ] as const) {
    expect(elementOf(type, name)).toBeUndefined();
  }
});

test('unknown types and elements are undefined, prototype names too', () => {
  for (const name of ['shoeSize', 'constructor', '__proto__', 'resourceType']) expect(elementOf('Patient', name)).toBeUndefined();
  expect(elementOf('Shoe', 'id')).toBeUndefined();
  expect(elementNames('Shoe')).toEqual([]);
});

test('every element of every served type leads to a primitive or to a type with elements', () => {
  const seen = new Set<string>();
  const walk = (type: string): void => {
    if (isPrimitive(type) || seen.has(type)) return;
    seen.add(type);
    expect({ type, elements: elementNames(type) }).not.toEqual({ type, elements: [] });
    for (const name of elementNames(type)) elementOf(type, name)!.types.forEach(walk);
  };
  SERVED_TYPES.forEach(walk);
  expect(seen.size).toBeGreaterThan(80);
});
