// Where the project's own files stand: mappings, profiles, package.json.
import { join } from 'node:path';

export const ROOT = join(import.meta.dirname, '..');
