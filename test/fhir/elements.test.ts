// The definitions of elements.
import { findElement, isPrimitive, listElementNames } from '../../src/fhir/elements.ts';
import { SERVED_TYPES } from '../../src/fhir/types.ts';

test('an element knows its type and whether it is a list', () => {
  expect(findElement('Patient', 'birthDate')).toMatchObject({ list: false, types: ['date'], min: 0, summary: true });
  expect(findElement('Patient', 'name')).toMatchObject({ list: true, types: ['HumanName'] });
  expect(findElement('HumanName', 'given')).toMatchObject({ list: true, types: ['string'] });
  expect(findElement('ServiceRequest', 'intent')).toMatchObject({ min: 1 });
});

test('a backbone element has elements of its own, and a contentReference those of the element that it names', () => {
  expect(findElement('Patient', 'contact')?.types).toEqual(['Patient.contact']);
  expect(findElement('Patient.contact', 'organization')?.targets).toEqual(['Organization']);
  expect(findElement('Observation.component', 'referenceRange')?.types).toEqual(['Observation.referenceRange']);
  expect(findElement('Timing', 'repeat')?.types).toEqual(['Timing.repeat']);
});

test('a choice is found by each of its names, and by the name in the definition', () => {
  expect(findElement('Observation', 'valueString')).toMatchObject({ types: ['string'], choice: 'value[x]', list: false });
  expect(findElement('Observation', 'value[x]')?.types).toContain('Quantity');
  expect(findElement('ServiceRequest', 'asNeededBoolean')?.choice).toBe('asNeeded[x]');
  expect(findElement('Observation', 'value')).toBeUndefined();
  expect(findElement('Observation', 'valueHumanName')).toBeUndefined();
  expect(findElement('Extension', 'valueDateTime')?.types).toEqual(['dateTime']);
});

test('only the Reference of a choice has targets', () => {
  expect(findElement('Coverage', 'costToBeneficiary')?.types).toEqual(['Coverage.costToBeneficiary']);
  expect(findElement('Group.characteristic', 'valueReference')?.targets).toBeUndefined();
  expect(findElement('DiagnosticReport', 'subject')?.targets).toEqual(['Device', 'Group', 'Location', 'Patient']);
  expect(findElement('Annotation', 'authorReference')?.targets).toContain('Practitioner');
  expect(findElement('Annotation', 'authorString')?.targets).toBeUndefined();
});

test('a primitive has a sibling, except ids, extension urls and XHTML', () => {
  expect(findElement('Patient', '_birthDate')).toMatchObject({ types: ['Element'], list: false });
  expect(findElement('HumanName', '_given')).toMatchObject({ types: ['Element'], list: true });
  expect(findElement('Observation', '_valueString')?.choice).toBe('value[x]');
  expect(findElement('Element', 'extension')?.types).toEqual(['Extension']);
  for (const [type, name] of [
    ['Patient', '_id'],
    ['Patient', '_name'],
    ['Extension', '_url'],
    ['Narrative', '_div'],
  ] as const) {
    expect(findElement(type, name)).toBeUndefined();
  }
});

test('unknown types and elements are undefined, and names of Object.prototype too', () => {
  for (const name of ['shoeSize', 'constructor', '__proto__', 'resourceType']) expect(findElement('Patient', name)).toBeUndefined();
  expect(findElement('Shoe', 'id')).toBeUndefined();
  expect(listElementNames('Shoe')).toEqual([]);
});

test('every element of a served type is a primitive or has a type with elements', () => {
  const seen = new Set<string>();
  const walk = (type: string): void => {
    if (isPrimitive(type) || seen.has(type)) return;
    seen.add(type);
    expect({ type, elements: listElementNames(type) }).not.toEqual({ type, elements: [] });
    for (const name of listElementNames(type)) findElement(type, name)!.types.forEach(walk);
  };
  SERVED_TYPES.forEach(walk);
  expect(seen.size).toBeGreaterThan(80);
});
