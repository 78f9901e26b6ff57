// A Jest runtime that leaves modules to Node: a worker evaluates each module once, however many test files import it.
// docs/decisions/0029-jest-loads-the-program-once.md
import { createRequire } from 'node:module';
import { pathToFileURL } from 'node:url';

const require = createRequire(import.meta.url);

/** Where jest-circus keeps its event handlers. They belong to one test file. */
const EVENT_HANDLERS = Symbol.for('EVENT_HANDLERS');

export default class ImportingRuntime {
  /** Loads Jest's own test framework, afresh for each test file: its state is module state. */
  requireInternalModule(path: string): unknown {
    delete require.cache[path];
    Reflect.deleteProperty(globalThis, EVENT_HANDLERS);
    return require(path);
  }

  requireModule(path: string): unknown {
    return require(path);
  }

  unstable_shouldLoadAsEsm(): boolean {
    return true;
  }

  unstable_importModule(path: string): Promise<unknown> {
    return import(pathToFileURL(path).href);
  }

  getSourceMaps(): Map<string, string> {
    return new Map();
  }

  getAllCoverageInfoCopy(): undefined {}

  setGlobalsForRuntime(): void {}

  enterTestCode(): void {}

  leaveTestCode(): void {}

  teardown(): void {}
}
