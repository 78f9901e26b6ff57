// The words of a field beside the codes that FHIR stores for them.
import type { FieldSpec } from '../spec.ts';

interface ExplainedCode {
  /** The vendor's word. Absent: every other word. */
  word?: string;
  /** As in the mapping file (`alias|code`). Absent: the word is stored as it is. */
  code?: string;
  /** `both`: read and written; `synonym`: written, and the word is kept beside the code; `read`: read only; `other`: for every word that is not listed. */
  use: 'both' | 'synonym' | 'read' | 'other';
}

export function explainCodes({ codes = {}, synonyms = {}, reads = {}, otherwise, enum: words = [] }: FieldSpec): ExplainedCode[] {
  const stored = Object.entries(codes).map(([word, code]): ExplainedCode => ({ word, code: String(code), use: 'both' }));
  const written = new Set<string>();
  const read = Object.entries(reads).map(([code, word]): ExplainedCode => {
    const isFirst = !written.has(word);
    written.add(word);
    return { word, code, use: isFirst ? 'both' : 'read' };
  });
  return [
    ...stored,
    ...Object.entries(synonyms).map(([word, code]): ExplainedCode => ({ word, code, use: 'synonym' })),
    ...read,
    ...words.filter((word) => !(word in codes) && !written.has(word)).map((word): ExplainedCode => ({ word, use: 'both' })),
    ...(otherwise === undefined ? [] : [{ code: otherwise, use: 'other' as const }]),
  ];
}
