// A file that is only read, in CodeMirror, which is loaded when it is first needed.
import { json } from '@codemirror/lang-json';
import { yaml } from '@codemirror/lang-yaml';
import { foldGutter, foldKeymap } from '@codemirror/language';
import { highlightSelectionMatches, search, searchKeymap } from '@codemirror/search';
import { EditorState, type Extension } from '@codemirror/state';
import { Decoration, EditorView, keymap } from '@codemirror/view';
import { openCodeView } from './code-view.ts';

export type CodeLanguage = 'json' | 'yaml';

interface CodeOptions {
  text: string;
  language: CodeLanguage;
  /** The name of the text for screen readers. */
  label: string;
  /** Marked and shown. Counted from 1. */
  line?: number | undefined;
}

/** Shows a text that cannot be changed. Call the result to remove it. */
export function showCode(parent: HTMLElement, { text, language, label, line }: CodeOptions): () => void {
  const host = parent.appendChild(document.createElement('div'));
  const extensions = [
    LANGUAGES[language](),
    foldGutter(),
    search({ top: true }),
    highlightSelectionMatches(),
    keymap.of([...searchKeymap, ...foldKeymap]),
    EditorState.readOnly.of(true),
    markLine(line),
    THEME,
  ];
  const view = openCodeView(host, { text, label, extensions });
  if (line !== undefined && line <= view.state.doc.lines)
    view.dispatch({ effects: EditorView.scrollIntoView(view.state.doc.line(line).from, { y: 'center' }) });
  return () => {
    view.destroy();
    host.remove();
  };
}

const LANGUAGES: Readonly<Record<CodeLanguage, () => Extension>> = { json, yaml };

const MARK = Decoration.line({ class: 'cm-marked' });

const markLine = (line: number | undefined): Extension =>
  EditorView.decorations.compute(['doc'], ({ doc }) =>
    line === undefined || line > doc.lines ? Decoration.none : Decoration.set(MARK.range(doc.line(line).from)),
  );

const THEME = EditorView.theme({
  '&': { maxHeight: '70vh' },
  '&.cm-focused': { outline: '2px solid var(--accent)', outlineOffset: '-2px' },
  '.cm-scroller': { overflow: 'auto' },
  '.cm-foldPlaceholder': { color: 'var(--quiet)', backgroundColor: 'transparent', borderColor: 'var(--line-strong)' },
  '.cm-marked': { backgroundColor: 'var(--accent-soft)', boxShadow: 'inset 2px 0 var(--accent)' },
  '.cm-panels': { color: 'var(--ink)', backgroundColor: 'var(--panel)', borderColor: 'var(--line)' },
  '.cm-selectionMatch': { backgroundColor: 'var(--accent-soft) !important' },
});
