// For whoever writes mappings: reads them again when one of their files changes. What cannot be used is told, and what was served before goes on.
import { type FSWatcher, readdirSync, watch } from 'node:fs';
import { join } from 'node:path';
import { toMessage } from '../../mapping/diagnostics.ts';
import { ROOT } from '../../root.ts';
import { type Definitions, loadDefinitions } from '../load-definitions.ts';

/** Editors write a file in several steps: changes this close together, in ms, are one. */
const TOGETHER_MS = 120;

interface ReloadHandlers {
  say(line: string): void;
  /** Serves what was read. */
  reload(next: Definitions): Promise<void>;
}

/** Looks at a folder until it is stopped; what has changed is read from the moment that `serve` is called on, which answers how to stop. */
interface MappingWatcher {
  serve(watching: ReloadHandlers): () => Promise<void>;
  stop(): Promise<void>;
}

/**
 * Watches a folder, by default the project's own. Begun before the mappings are read for the first time, so that nothing that is saved while the
 * server starts is missed. Definitions and search parameters (fhir-profiles/) need a new start.
 */
export function watchMappings(folder = join(ROOT, 'mappings')): MappingWatcher {
  let timer: NodeJS.Timeout | undefined;
  let running = Promise.resolve();
  let serving: ReloadHandlers | undefined;
  let changed = false;
  const again = (): void => {
    running = running.then(() => reloadMappings(folder, serving!));
  };
  const onChange = (): void => {
    changed = true;
    clearTimeout(timer);
    if (serving) timer = setTimeout(again, TOGETHER_MS);
  };
  const unwatch = watchFolders(folder, onChange);
  const stop = async (): Promise<void> => {
    unwatch();
    clearTimeout(timer);
    await running;
  };
  const serve = (watching: ReloadHandlers): typeof stop => {
    serving = watching;
    watching.say(`Watching ${folder}: a mapping that changes is served at once.`);
    if (changed) onChange();
    return stop;
  };
  return { serve, stop };
}

/** One watcher per folder: a folder notices also a file that is put in the place of another, as editors do, where a watched file would be lost. */
function watchFolders(folder: string, changed: () => void): () => void {
  const watchers = new Map<string, FSWatcher>();
  const follow = (): void => {
    const inner = readdirSync(folder, { withFileTypes: true }).filter((entry) => entry.isDirectory());
    for (const path of [folder, ...inner.map(({ name }) => join(folder, name))]) {
      if (!watchers.has(path))
        watchers.set(
          path,
          watch(path, { persistent: false }, onChange).on('error', () => watchers.delete(path)),
        );
    }
  };
  const onChange = (): void => {
    follow();
    changed();
  };
  follow();
  return () => {
    for (const watcher of watchers.values()) watcher.close();
  };
}

async function reloadMappings(folder: string, { say, reload }: ReloadHandlers): Promise<void> {
  try {
    const next = loadDefinitions(folder);
    await reload(next);
    say(`Mappings read again: ${next.mappings.shapes.map(({ surface, name }) => `${surface.name}/${name}`).join(', ')}`);
  } catch (error) {
    say(`${toMessage(error)}\nWhat was served before goes on.`);
  }
}
