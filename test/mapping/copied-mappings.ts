// Copies mappings to a folder for one test, which changes them and loads the result.

import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { loadMappings } from '../../src/mapping/load-mappings.ts';
import { EXTERNAL_STEPS } from '../../src/vendor-api/external-step.ts';
import { profiles, registry } from './examples.ts';

export function copies() {
  let directory: string;
  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), 'mappings-'));
    cpSync(join('mappings', 'junction'), copied('junction'), { recursive: true });
  });
  afterEach(() => rmSync(directory, { recursive: true }));
  /** The path of a file in the copy. */
  const copied = (file: string): string => join(directory, file);
  const helpers = {
    copied,
    /** The position of the first occurrence of a text, as messages print it: the copied file and the line, from 1. */
    placeOf(file: string, text: string): string {
      const [before, found] = readFileSync(join('mappings', file), 'utf8').split(text, 2);
      if (found === undefined) throw new Error(`${file} has no ${text}`);
      return `${copied(file)}:${before!.split('\n').length}`;
    },
    /** A vendor's folder, copied. */
    copy: (vendor: string): void => cpSync(join('mappings', vendor), copied(vendor), { recursive: true }),
    /** One mapping of a vendor and its surface, copied. */
    copyOne(file: string): void {
      mkdirSync(copied(dirname(file)), { recursive: true });
      for (const name of [file, join(dirname(file), 'surface.yaml')]) cpSync(join('mappings', name), copied(name));
    },
    /** The message of loading the mappings after one text of a file is replaced by another. Empty: no error. */
    loading(file: string, [from, to]: [string, string], options = { profiles, registry }): string {
      const text = readFileSync(copied(file), 'utf8');
      if (!text.includes(from)) throw new Error(`${file} has no ${from}`);
      writeFileSync(copied(file), text.replace(from, to));
      try {
        loadMappings(directory, { ...options, externalSteps: EXTERNAL_STEPS });
        return '';
      } catch (error) {
        return (error as Error).message;
      }
    },
  };
  return {
    ...helpers,
    /** A change of one file must be refused with this message and no other. */
    expectRefusal(file: string, change: [string, string], error: string): void {
      const message = helpers.loading(file, change);
      expect(message).toContain(`${copied(file)}:`);
      expect(message).toContain(error);
      expect(message.split('\n  ')).toHaveLength(2);
    },
  };
}
