// For whoever writes mappings: reads them again when one of their files changes. What cannot be used is told, and what was served before goes on.
import { type FSWatcher, readdirSync, watch } from 'node:fs';
import { join } from 'node:path';
import { type Loaded, load } from './loaded.ts';
import { ROOT } from './root.ts';

/** Editors write a file in several steps: changes this close together, in ms, are one. */
const TOGETHER_MS = 120;

export interface Watching {
  say(line: string): void;
  /** Serves what was read. */
  reload(next: Loaded): Promise<void>;
}

/** Watches a folder, by default the project's own; answers how to stop. Definitions and search parameters (fhir-profiles/) need a new start. */
export function watchMappings(folder = join(ROOT, 'mappings'), { say, reload }: Watching): () => Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  let running = Promise.resolve();
  const again = (): void => {
    running = running.then(() => readAgain(folder, { say, reload }));
  };
  const stop = watchFolders(folder, () => {
    clearTimeout(timer);
    timer = setTimeout(again, TOGETHER_MS);
  });
  say(`Watching ${folder}: a mapping that changes is served at once.`);
  return async () => {
    stop();
    clearTimeout(timer);
    await running;
  };
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
          watch(path, onChange).on('error', () => watchers.delete(path)),
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

async function readAgain(folder: string, { say, reload }: Watching): Promise<void> {
  try {
    const next = load(folder);
    await reload(next);
    say(`Mappings read again: ${next.mappings.shapes.map(({ surface, name }) => `${surface.name}/${name}`).join(', ')}`);
  } catch (error) {
    say(`${(error as Error).message}\nWhat was served before goes on.`);
  }
}
