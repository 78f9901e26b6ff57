/**
 * A Jest environment that is the worker process itself: test files share its globals and its modules.
 * What Jest or a test may replace in them is restored after each file.
 */
export default class ProcessEnvironment {
  readonly global = globalThis;
  readonly fakeTimers = null;
  readonly fakeTimersModern = null;
  readonly moduleMocker = null;
  readonly #console = globalThis.console;
  readonly #exit = process.exit;

  getVmContext(): null {
    return null;
  }

  exportConditions(): string[] {
    return ['node', 'node-addons'];
  }

  async setup(): Promise<void> {
    process.exit = (code) => {
      throw new Error(
        `process.exit(${code ?? ''}) was called in a test: it would end the run with this status, before the tests that follow`,
      );
    };
  }

  async teardown(): Promise<void> {
    globalThis.console = this.#console;
    process.exit = this.#exit;
  }
}
