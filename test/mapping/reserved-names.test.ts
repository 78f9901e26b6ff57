// Names and paths of the server itself, which no mapping may have.
import { renameSync } from 'node:fs';
import { copies } from './copied-mappings.ts';

const PATIENT = 'loop/patient.yaml';
const { copyOne, copied, loading, placeOf } = copies();
beforeEach(() => copyOne(PATIENT));

test.each(['admin', 'operator', 'fhir', 'openapi', 'schemas', 'console'])('a vendor cannot be called %s', (name) => {
  renameSync(copied('loop'), copied(name));
  const error = loading(`${name}/patient.yaml`, ['resource: Patient', 'resource: Patient']);
  expect(error).toMatch(/^the mappings cannot be used:\n/);
  expect(error).toContain(`${copied(`${name}/surface.yaml`)}:2 ${name} is a name of the server itself: give the folder another name`);
});

test.each(['/admin', '/admin/patients', '/console', '/console/api'])('the path of a mapping cannot be %s', (path) => {
  expect(loading(PATIENT, ['path: /v1/patients', `path: ${path}`])).toContain(
    `${placeOf(PATIENT, 'path: ')} path: paths below /admin and /console are those of the server itself: write another path`,
  );
  expect(loading(PATIENT, [`path: ${path}`, 'path: /administrators'])).toBe('');
});
