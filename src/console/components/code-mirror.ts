// An editor for JSON: CodeMirror, in a chunk of its own. It lives in a shadow root, where its styles are adopted style sheets: the content security policy allows no others.
import { defaultKeymap, history, historyKeymap } from '@codemirror/commands';
import { json } from '@codemirror/lang-json';
import { bracketMatching, syntaxHighlighting } from '@codemirror/language';
import { type Diagnostic, lintGutter, setDiagnostics } from '@codemirror/lint';
import { EditorState } from '@codemirror/state';
import { drawSelection, EditorView, highlightActiveLine, keymap, lineNumbers } from '@codemirror/view';
import { CODE_COLOURS } from './code-colours.ts';

export interface EditorProblem {
  from: number;
  to: number;
  text: string;
  severity: 'error' | 'warning';
}

interface EditorOptions {
  text: string;
  /** The name of the editor, for screen readers. */
  label: string;
  onChange: (text: string) => void;
}

export interface CodeMirror {
  showProblems(problems: EditorProblem[]): void;
  /** Moves the cursor. */
  select(position: number): void;
  close(): void;
}

const THEME = EditorView.theme({
  '&': { height: '100%', color: 'var(--ink)', backgroundColor: 'var(--sunken)' },
  // the frame around the editor shows the focus
  '&.cm-focused': { outline: 'none' },
  '.cm-scroller': { font: '12.5px / 18px var(--mono)' },
  '.cm-content': { caretColor: 'var(--ink)' },
  '.cm-cursor': { borderLeftColor: 'var(--ink)' },
  '.cm-gutters': { color: 'var(--quiet)', backgroundColor: 'var(--sunken)', border: 'none' },
  '.cm-activeLine, .cm-activeLineGutter': { backgroundColor: 'color-mix(in srgb, var(--accent) 7%, transparent)' },
  '&.cm-focused > .cm-scroller > .cm-selectionLayer .cm-selectionBackground, .cm-selectionBackground': {
    backgroundColor: 'color-mix(in srgb, var(--accent) 28%, transparent)',
  },
  '&.cm-focused .cm-matchingBracket': { backgroundColor: 'color-mix(in srgb, var(--accent) 25%, transparent)' },
  '.cm-tooltip': { color: 'var(--ink)', backgroundColor: 'var(--raised)', border: '1px solid var(--line)' },
  '.cm-diagnostic-error': { borderLeftColor: 'var(--bad)' },
});

/** `host`: an empty element without a shadow root. */
export function openCodeMirror(host: HTMLElement, { text, label, onChange }: EditorOptions): CodeMirror {
  const root = host.shadowRoot ?? host.attachShadow({ mode: 'open' });
  const extensions = [
    lineNumbers(),
    lintGutter(),
    history(),
    drawSelection(),
    highlightActiveLine(),
    bracketMatching(),
    json(),
    syntaxHighlighting(CODE_COLOURS),
    THEME,
    EditorView.lineWrapping,
    EditorView.contentAttributes.of({ 'aria-label': label, spellcheck: 'false', tabindex: '0' }),
    keymap.of([...defaultKeymap, ...historyKeymap]),
    EditorView.updateListener.of((update) => {
      if (update.docChanged) onChange(update.state.doc.toString());
    }),
  ];
  const view = new EditorView({ state: EditorState.create({ doc: text, extensions }), parent: root, root });
  return {
    showProblems: (problems) =>
      view.dispatch(
        setDiagnostics(
          view.state,
          problems.map((problem) => toDiagnostic(problem, view.state.doc.length)),
        ),
      ),
    select(position) {
      const at = Math.min(position, view.state.doc.length);
      view.dispatch({ selection: { anchor: at }, effects: EditorView.scrollIntoView(at, { y: 'center' }) });
      view.focus();
    },
    close: () => view.destroy(),
  };
}

const toDiagnostic = ({ from, to, text, severity }: EditorProblem, length: number): Diagnostic => ({
  from: Math.min(from, length),
  to: Math.min(to, length),
  message: text,
  severity,
});
