// Reads YAML files of the project itself, which its tests check.
import { readFileSync } from 'node:fs';
import { parse } from 'yaml';

/** `T`: the content of the file. An assertion is enough: nobody but the project writes these files. */
export const readDataFile = <T>(path: string): T => parse(readFileSync(path, 'utf8')) as T;
