// Reloads mappings when one of their files changes, for authors of mappings. After a mistake, the mistake is printed and the previous mappings stay in use.
import { type FSWatcher, readdirSync, watch } from 'node:fs';
import { join } from 'node:path';
import { toMessage } from '../../mapping/diagnostics.ts';
import { ROOT } from '../../root.ts';
import { type Definitions, loadDefinitions } from '../load-definitions.ts';

/** Editors write a file in several steps. Changes within this time, in ms, count as one. */
const TOGETHER_MS = 120;

interface ReloadHandlers {
  print(line: string): void;
  /** Replaces the served mappings. */
  reload(next: Definitions): Promise<void>;
}

/** Watches a folder until `stop`. Changes are read once `serve` has been called, which returns `stop`. */
interface MappingWatcher {
  serve(watching: ReloadHandlers): () => Promise<void>;
  stop(): Promise<void>;
}

/**
 * Watches a folder, by default `mappings/` of the project. Call it before the mappings are read for the first time, so that no change during the start is missed.
 * Changes of definitions and search parameters (fhir-profiles/) need a restart.
 */
export function watchMappings(folder = join(ROOT, 'mappings')): MappingWatcher {
  let timer: NodeJS.Timeout | undefined;
  let running = Promise.resolve();
  let serving: ReloadHandlers | undefined;
  let changed = false;
  const reload = (): void => {
    running = running.then(() => reloadMappings(folder, serving!));
  };
  const onChange = (): void => {
    changed = true;
    clearTimeout(timer);
    if (serving) timer = setTimeout(reload, TOGETHER_MS);
  };
  const unwatch = watchFolders(folder, onChange);
  const stop = async (): Promise<void> => {
    unwatch();
    clearTimeout(timer);
    await running;
  };
  const serve = (watching: ReloadHandlers): typeof stop => {
    serving = watching;
    watching.print(`Watching ${folder}: a changed mapping is served at once.`);
    if (changed) onChange();
    return stop;
  };
  return { serve, stop };
}

/** Watches folders, not files: editors replace a file by a new one, and a watcher of the file would miss that. */
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

async function reloadMappings(folder: string, { print, reload }: ReloadHandlers): Promise<void> {
  try {
    const next = loadDefinitions({ mappings: folder });
    await reload(next);
    print(`Mappings reloaded: ${next.mappings.shapes.map(({ surface, name }) => `${surface.name}/${name}`).join(', ')}`);
  } catch (error) {
    print(`${toMessage(error)}\nThe previous mappings stay in use.`);
  }
}
