// The version of this release of Facet. It is stored in package.json only.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { ROOT } from './root.ts';

// a type assertion is enough: only the project writes this file
const { version, releaseDate } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as { version: string; releaseDate: string };

/** `date`: the day of the release, YYYY-MM-DD. */
export const RELEASE = { version, date: releaseDate };
