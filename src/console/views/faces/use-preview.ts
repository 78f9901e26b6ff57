// The preview of the text in the editor: asked for when the user pauses.
import { useEffect, useState } from 'preact/hooks';
import { ApiError } from '../../api/api-error.ts';
import { formatExact, isSame, type Place, parseExact, toLine } from '../../api/exact-json.ts';
import type { Face, Faces } from '../../api/faces-data.ts';
import { loadPreview, type PlacedProblem, type Preview, readContent } from './preview.ts';

export type PreviewState =
  | { state: 'unchanged' }
  /** `before`: the preview of an earlier text. */
  | { state: 'checking'; before?: Preview }
  /** The text is not JSON that the server reads. */
  | { state: 'unreadable'; problem: PlacedProblem }
  | { state: 'ready'; preview: Preview }
  | { state: 'failed'; error: ApiError };

const PAUSE_MS = 350;

/** What is known of a text. */
interface Judged {
  base: Faces;
  text: string;
  state: PreviewState;
}

/** `base`: what the edit is based on. */
export function usePreview(base: Faces, face: Face | undefined, text: string): PreviewState {
  const [judged, setJudged] = useState<Judged>(() => ({ base, text, state: judgeText(base, face, text) ?? { state: 'checking' } }));
  useEffect(() => {
    const settle = (state: PreviewState): void => setJudged({ base, text, state });
    const known = judgeText(base, face, text);
    if (known) return settle(known);
    const controller = new AbortController();
    const settleUnlessLate = (state: PreviewState): void => {
      if (!controller.signal.aborted) settle(state);
    };
    setJudged(({ state }) => ({ base, text, state: toChecking(state) }));
    const timer = setTimeout(() => {
      loadPreview(base, face, text, { signal: controller.signal })
        .then((preview) => settleUnlessLate({ state: 'ready', preview }))
        .catch((error: unknown) =>
          settleUnlessLate({ state: 'failed', error: error instanceof ApiError ? error : new ApiError(-1, [{ text: String(error) }]) }),
        );
    }, PAUSE_MS);
    return () => {
      clearTimeout(timer);
      controller.abort();
    };
  }, [base, face?.key, text]);
  // the page is painted before the effect: until then the state is of the text before, which must not be saved
  return judged.base === base && judged.text === text ? judged.state : toChecking(judged.state);
}

/** An earlier preview stays in sight, and cannot be saved. */
function toChecking(current: PreviewState): PreviewState {
  const before = findPreview(current);
  return before ? { state: 'checking', before } : { state: 'checking' };
}

/** The preview to show. */
export function findPreview(current: PreviewState): Preview | undefined {
  if (current.state === 'ready') return current.preview;
  return current.state === 'checking' ? current.before : undefined;
}

/** What is known without the server. */
function judgeText(base: Faces, face: Face | undefined, text: string): PreviewState | undefined {
  try {
    const { value, repeated } = parseExact(text);
    if (repeated.length > 0) return toUnreadable(text, `"${repeated[0]!.name}" occurs more than once in its object`, repeated[0]!);
    return isSame(value, readContent(base, face)) ? { state: 'unchanged' } : undefined;
  } catch (error) {
    const at = findSyntaxError(error, text);
    return toUnreadable(text, `This is not JSON: ${(error as Error).message}`, { from: at, to: at + 1 });
  }
}

const toUnreadable = (text: string, problem: string, place: Place): PreviewState => ({
  state: 'unreadable',
  problem: { text: problem, path: '', ...place, line: toLine(text, place.from), severity: 'error' },
});

/** Browsers name the position in their own words: `at position 12`, `at line 2 column 5`. */
function findSyntaxError(error: unknown, text: string): number {
  const message = error instanceof Error ? error.message : '';
  const position = /position (\d+)/.exec(message);
  const place = /line (\d+) column (\d+)/.exec(message);
  if (position) return Number(position[1]);
  if (!place) return Math.max(text.trimEnd().length - 1, 0);
  const before = text.split('\n').slice(0, Number(place[1]) - 1);
  return before.reduce((sum, line) => sum + line.length + 1, 0) + Number(place[2]) - 1;
}

/** The text that an edit begins with. */
export const toEditorText = (faces: Faces, face: Face | undefined): string => formatExact(readContent(faces, face) ?? {});
