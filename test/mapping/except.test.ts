// A resource that meets `except:` is on no list, and a mapping whose list would contain it is refused at the start.
import { copies } from './copied-mappings.ts';

const SAMPLE = 'clinik/specimen.yaml';
const ONLY = 'only: "patient:missing=false&status:not=entered-in-error"';

const { copyOne, loading } = copies();

test.each([
  ['by what it must not be', 'only: status:not=unavailable,entered-in-error'],
  ['by all that it may be', 'only: status=available,unavailable,unsatisfactory'],
  ['by all that it may be, in their system', 'only: status=http://hl7.org/fhir/specimen-status|available'],
])('an only: that excludes what meets except: is accepted: %s', (_how, only) => {
  copyOne(SAMPLE);
  expect(loading(SAMPLE, [ONLY, only])).toBe('');
});

test.each([
  ['names it', 'only: status=available,entered-in-error'],
  ['leaves out something else', 'only: status:not=unavailable'],
  ['asks for something else', 'only: patient:missing=false'],
  ['is not there', ''],
])('an only: that %s is refused with the remedy', (_what, only) => {
  copyOne(SAMPLE);
  expect(loading(SAMPLE, [ONLY, only])).toContain(
    'except: lists show what is entered-in-error: leave it out by only:, as in status:not=entered-in-error, or in status= with all that is listed',
  );
});
