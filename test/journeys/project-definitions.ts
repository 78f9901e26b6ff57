// The definitions of the project's own files, which no test changes: test files of one worker share them, because loading them takes as long as all else of a start.
import type { Config } from '../../src/config.ts';
import { type Definitions, loadDefinitions } from '../../src/server/load-definitions.ts';

const LOADED = new Map<string, Definitions>();

/** As `loadDefinitions`; a folder of other mappings is read each time. */
export function loadProjectDefinitions(config: Config): Definitions {
  const { mappings, strictReferences, fullText } = config;
  if (mappings !== undefined) return loadDefinitions(config);
  const options = JSON.stringify({ strictReferences, fullText });
  const loaded = LOADED.get(options) ?? loadDefinitions(config);
  LOADED.set(options, loaded);
  return loaded;
}
