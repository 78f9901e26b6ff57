// The folder of the project's own files: mappings, profiles, package.json.
import { join } from 'node:path';

export const ROOT = join(import.meta.dirname, '..');
