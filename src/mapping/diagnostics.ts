// Mistakes in mapping files: where each one is, what it is, and how compiling goes on after it so that all are reported at once.

/** A mistake in a file: where it is (file, line and keys), and what it is and what to write instead. */
export interface Diagnostic {
  place: string;
  text: string;
}

/** Takes a mistake, with the keys that lead to it in the file. */
export type Report = (keys: string[], error: unknown) => void;

/** What `compile` makes; undefined when it throws, and the error is reported. */
export function compileOrReport<T>(compile: () => T, report: (error: unknown) => void): T | undefined {
  try {
    return compile();
  } catch (error) {
    report(error);
    return undefined;
  }
}

export const toMessage = (error: unknown): string => (error instanceof Error ? error.message : String(error));

/** A mistake on one line. */
export const formatDiagnostic = ({ place, text }: Diagnostic): string => (place.includes(' ') ? `${place}: ${text}` : `${place} ${text}`);
