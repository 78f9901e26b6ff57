// Which release of Facet this is. package.json says it, and a release changes it there alone.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { ROOT } from './root.ts';

// an assertion is enough: it is the project's own file
const { version, releaseDate } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as { version: string; releaseDate: string };

/** `date`: the day of the release, YYYY-MM-DD. */
export const RELEASE = { version, date: releaseDate };
