// An editor for JSON: CodeMirror, in a chunk of its own.
import { defaultKeymap, history, historyKeymap } from '@codemirror/commands';
import { json } from '@codemirror/lang-json';
import { bracketMatching } from '@codemirror/language';
import { type Diagnostic, lintGutter, setDiagnostics } from '@codemirror/lint';
import { Compartment, EditorState } from '@codemirror/state';
import { EditorView, highlightActiveLine, keymap } from '@codemirror/view';
import { openCodeView } from './code-view.ts';

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
  setReadOnly(isReadOnly: boolean): void;
  close(): void;
}

const THEME = EditorView.theme({
  '&': { height: '100%' },
  // the frame around the editor shows the focus
  '&.cm-focused': { outline: 'none' },
  '.cm-content': { caretColor: 'var(--ink)' },
  '.cm-cursor': { borderLeftColor: 'var(--ink)' },
  '.cm-activeLine, .cm-activeLineGutter': { backgroundColor: 'color-mix(in srgb, var(--accent) 7%, transparent)' },
  '&.cm-focused .cm-matchingBracket': { backgroundColor: 'color-mix(in srgb, var(--accent) 25%, transparent)' },
  '.cm-tooltip': { color: 'var(--ink)', backgroundColor: 'var(--raised)', border: '1px solid var(--line)' },
  '.cm-diagnostic-error': { borderLeftColor: 'var(--bad)' },
});

/** `host`: an empty element without a shadow root. */
export function openCodeMirror(host: HTMLElement, { text, label, onChange }: EditorOptions): CodeMirror {
  const readOnly = new Compartment();
  const extensions = [
    readOnly.of([]),
    lintGutter(),
    history(),
    highlightActiveLine(),
    bracketMatching(),
    json(),
    THEME,
    keymap.of([...defaultKeymap, ...historyKeymap]),
    EditorView.updateListener.of((update) => {
      if (update.docChanged) onChange(update.state.doc.toString());
    }),
  ];
  const view = openCodeView(host, { text, label, extensions });
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
    setReadOnly: (isReadOnly) => view.dispatch({ effects: readOnly.reconfigure(EditorState.readOnly.of(isReadOnly)) }),
    close: () => view.destroy(),
  };
}

const toDiagnostic = ({ from, to, text, severity }: EditorProblem, length: number): Diagnostic => ({
  from: Math.min(from, length),
  to: Math.min(to, length),
  message: text,
  severity,
});
