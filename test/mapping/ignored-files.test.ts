// A file that would not be read stops the start, with the remedy. Otherwise its author would believe that it is in use.
import { cpSync, mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { relative } from 'node:path';
import { copies } from './copied-mappings.ts';

const PATIENT = 'loop/patient.yaml';
const { copyOne, loading, copied } = copies();

/** What is said of the folder as it is. */
const loadError = (): string => loading(PATIENT, ['resource: Patient', 'resource: Patient']);
const toMessage = (file: string, text: string): string => `the mappings cannot be used:\n  ${copied(file)}:1 ${text}`;

beforeEach(() => copyOne(PATIENT));

test('a mapping whose name ends in .yml is refused', () => {
  cpSync(copied(PATIENT), copied('loop/customer.yml'));
  expect(loadError()).toBe(toMessage('loop/customer.yml', 'only files that end in .yaml are read: name it customer.yaml'));
});

test('a surface whose name ends in .yml is refused', () => {
  mkdirSync(copied('acme'));
  renameSync(copied('loop/surface.yaml'), copied('acme/surface.yml'));
  cpSync('mappings/loop/surface.yaml', copied('loop/surface.yaml'));
  expect(loadError()).toBe(toMessage('acme/surface.yml', 'only files that end in .yaml are read: name it surface.yaml'));
});

test('a vendor’s folder without a surface is refused', () => {
  mkdirSync(copied('acme'));
  cpSync(copied(PATIENT), copied('acme/customer.yaml'));
  const surface = relative('.', copied('acme/surface.yaml'));
  const text = `the folder has no surface.yaml with the common parts of the vendor’s bodies: write ${surface} ("facet mapping new" creates one)`;
  expect(loadError()).toBe(toMessage('acme/customer.yaml', text));
});

test('a mapping outside a vendor’s folder, or in a subfolder, is refused', () => {
  cpSync(copied(PATIENT), copied('customer.yaml'));
  expect(loadError()).toBe(toMessage('customer.yaml', 'a mapping must be in the folder of its vendor, with surface.yaml: move it there'));
  mkdirSync(copied('loop/old'));
  renameSync(copied('customer.yaml'), copied('loop/old/customer.yaml'));
  expect(loadError()).toBe(toMessage('loop/old/customer.yaml', 'folders in the folder of a vendor are not read: move it up into loop/'));
});

test('examples of a missing mapping are refused', () => {
  cpSync('mappings/loop/patient.examples.yaml', copied('loop/patients.examples.yaml'));
  expect(loadError()).toBe(
    toMessage(
      'loop/patients.examples.yaml',
      'examples without a mapping: there is no patients.yaml in this folder; name the file like its mapping',
    ),
  );
});

test('other files are accepted: tables, definitions, inbound mappings, and files of other types', () => {
  writeFileSync(copied('notes.yml'), 'a: b');
  writeFileSync(copied('loop/README.md'), 'path: none');
  mkdirSync(copied('fhir-profiles'));
  writeFileSync(copied('fhir-profiles/any.yml'), 'a: b');
  expect(loadError()).toBe('');
  rmSync(copied('notes.yml'));
});
