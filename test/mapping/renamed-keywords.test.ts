// Keywords that had several meanings were split: the old keyword is refused with the new one.
import { copies } from './copied-mappings.ts';

const { copyOne, loading, copied } = copies();

test.each<[file: string, now: string, before: string, message: string]>([
  ['loop/lab-order.yaml', 'synonyms:', 'also:', 'fields.status.also: also is called synonyms here: write synonyms:'],
  ['loop/biomarker.yaml', 'identity:', 'same:', 'many.same: same is called identity here: write identity:'],
  ['loop/biomarker.yaml', 'copyOf:', 'same:', 'also.3.same: same is called copyOf here: write copyOf:'],
  ['loop/biomarker.yaml', 'createStatus:', 'status:', 'status: status is called createStatus here: write createStatus:'],
  ['loop/physician.yaml', 'elements:', 'each:', 'row.each: each is called elements here: write elements:'],
  ['clinik/patient.yaml', 'everyWord:', 'each:', 'search.name.each: each is called everyWord here: write everyWord:'],
  ['jump/clinician-profile.yaml', 'owner:', 'on:', 'with.roles.on: on is called owner here: write owner:'],
  ['clinik/practitioner.yaml', 'memberHas:', 'having:', 'having: having is called memberHas here: write memberHas:'],
  ['clinik/slot.yaml', 'onlyIn: create', 'on: create', 'fields.scheduleId.on: on is called onlyIn here: write onlyIn:'],
  ['loop/patient-provider.yaml', 'targetHas:', 'having:', 'exists.having: having is called targetHas here: write targetHas:'],
  ['jump/clinician-profile.yaml', 'elementHas:', 'having:', 'let.registration.having: having is called elementHas here: write elementHas:'],
])('%s: %s replaces %s', (file, now, before, deprecation) => {
  copyOne(file);
  const message = loading(file, [now, before]);
  expect(message).toContain(`${copied(file)}:`);
  expect(message).toContain(deprecation);
  expect(message.split('\n  ')).toHaveLength(2);
});
