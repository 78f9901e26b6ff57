// Reads the project's own YAML files. Tests check their content.
import { readFileSync } from 'node:fs';
import { parse } from 'yaml';

/** `T`: the content of the file. A type assertion is enough, because only the project writes these files and its tests check them. */
export const readDataFile = <T>(path: string): T => parse(readFileSync(path, 'utf8')) as T;
