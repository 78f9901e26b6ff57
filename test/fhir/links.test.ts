// The links of a resource, and that rewriting them changes nothing else. https://hl7.org/fhir/R4/http.html#trules
import { parseExactJson, stringifyJson } from '../../src/fhir/json.ts';
import { listReferences, rewriteLinks } from '../../src/fhir/links.ts';
import type { Resource } from '../../src/fhir/types.ts';

const U = 'urn:uuid:61ebe359-bfdc-4613-8bf2-c5e300945f0a';
const swapped = (resource: string) =>
  stringifyJson(rewriteLinks(parseExactJson(resource) as Resource, (link) => (link === U ? 'Patient/1' : undefined)));

test.each([
  ['a Reference', 'Observation', `"subject":{"reference":"${U}"}`],
  ['a Reference in a list', 'Observation', `"performer":[{"display":"x"},{"reference":"${U}"}]`],
  [
    'a Reference in an extension of a primitive',
    'Patient',
    `"_birthDate":{"extension":[{"url":"x","valueReference":{"reference":"${U}"}}]}`,
  ],
  ['a uri', 'Patient', `"identifier":[{"system":"${U}"}]`],
  ['a url', 'Endpoint', `"address":"${U}"`],
  ['a choice of oid', 'Patient', `"extension":[{"url":"x","valueOid":"${U}"}]`],
  ['a Reference in a contained resource', 'Patient', `"contained":[{"resourceType":"Observation","subject":{"reference":"${U}"}}]`],
  [
    'a Reference in a contained resource that is not served',
    'Patient',
    `"contained":[{"resourceType":"Medication","manufacturer":{"reference":"${U}"}}]`,
  ],
  ['the narrative', 'Patient', `"text":{"div":"<div><a href='${U}'>x</a><img src=\\"${U}\\" alt=''/></div>"}`],
])('%s is a link', (_what, type, element) => {
  const resource = `{"resourceType":"${type}","id":"a",${element}}`;
  expect(swapped(resource)).toBe(resource.replaceAll(U, 'Patient/1'));
});

test.each([
  ['a canonical', 'Observation', `"meta":{"profile":["${U}"]}`],
  ['a string', 'Patient', `"name":[{"text":"${U}"}]`],
  ['the text of a narrative', 'Patient', `"text":{"div":"<div>${U}</div>"}`],
  ['the title of a link', 'Patient', `"text":{"div":"<div><a title='${U}'>x</a></div>"}`],
  ['part of a link', 'Observation', `"subject":{"reference":"${U}x"}`],
])('%s is not a link', (_what, type, element) => {
  const resource = `{"resourceType":"${type}",${element}}`;
  expect(swapped(resource)).toBe(resource);
});

test('numbers keep their digits, and unchanged values stay the same objects', () => {
  const resource = parseExactJson(
    `{"resourceType":"Observation","valueQuantity":{"value":1.00},"code":{"text":"x"},"subject":{"reference":"${U}"}}`,
  ) as Resource;
  const made = rewriteLinks(resource, () => 'Patient/1');
  expect(stringifyJson(made)).toContain('"value":1.00');
  expect([made.code === resource.code, stringifyJson(resource).includes(U)]).toEqual([true, true]);
  expect(rewriteLinks(resource, () => undefined)).toBe(resource);
  expect(listReferences(resource)).toEqual([U]);
});
