// Mistakes in mapping files. Loading continues after a mistake, so that all are reported together.

/** A mistake in a mapping file: `place` is the file, line and keys; `text` includes the correction. */
export interface Diagnostic {
  place: string;
  text: string;
}

/** Receives a mistake, with its keys in the file. */
export type Report = (keys: string[], error: unknown) => void;

/** The result of `compile`; when it throws, reports the error and returns undefined. */
export function compileOrReport<T>(compile: () => T, report: (error: unknown) => void): T | undefined {
  try {
    return compile();
  } catch (error) {
    report(error);
    return undefined;
  }
}

export const toMessage = (error: unknown): string => (error instanceof Error ? error.message : String(error));

/** Formats a mistake as one line. */
export const formatDiagnostic = ({ place, text }: Diagnostic): string => (place.includes(' ') ? `${place}: ${text}` : `${place} ${text}`);
