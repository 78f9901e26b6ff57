// Mistakes in mapping files. Loading continues after a mistake, so that all are reported together.

/** A mistake: its place (file, line and keys), and a text that says what to write instead. */
export interface Diagnostic {
  place: string;
  text: string;
}

/** Takes a mistake, with its keys in the file. */
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

/** A mistake as one line of text. */
export const formatDiagnostic = ({ place, text }: Diagnostic): string => (place.includes(' ') ? `${place}: ${text}` : `${place} ${text}`);
