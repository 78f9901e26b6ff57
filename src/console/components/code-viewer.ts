// A text in CodeMirror, which is loaded when it is first needed. It is in a shadow root: there CodeMirror adopts style sheets, and elsewhere it would insert style
// elements, which the content security policy refuses.
import { json } from '@codemirror/lang-json';
import { yaml } from '@codemirror/lang-yaml';
import { foldGutter, foldKeymap, syntaxHighlighting } from '@codemirror/language';
import { highlightSelectionMatches, search, searchKeymap } from '@codemirror/search';
import { EditorState, type Extension } from '@codemirror/state';
import { Decoration, drawSelection, EditorView, keymap, lineNumbers } from '@codemirror/view';
import { CODE_COLOURS } from './code-colours.ts';

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
  const root = host.attachShadow({ mode: 'open' });
  const state = EditorState.create({
    doc: text,
    extensions: [
      ...buildLook(language),
      EditorState.readOnly.of(true),
      EditorView.contentAttributes.of({ 'aria-label': label, tabindex: '0' }),
      markLine(line),
    ],
  });
  const view = new EditorView({ state, parent: root, root });
  if (line !== undefined && line <= view.state.doc.lines)
    view.dispatch({ effects: EditorView.scrollIntoView(view.state.doc.line(line).from, { y: 'center' }) });
  return () => {
    view.destroy();
    host.remove();
  };
}

const LANGUAGES: Readonly<Record<CodeLanguage, () => Extension>> = { json, yaml };

const buildLook = (language: CodeLanguage): Extension[] => [
  LANGUAGES[language](),
  lineNumbers(),
  foldGutter(),
  drawSelection(),
  search({ top: true }),
  highlightSelectionMatches(),
  syntaxHighlighting(CODE_COLOURS),
  EditorView.lineWrapping,
  THEME,
  keymap.of([...searchKeymap, ...foldKeymap]),
];

const MARK = Decoration.line({ class: 'cm-marked' });

const markLine = (line: number | undefined): Extension =>
  EditorView.decorations.compute(['doc'], ({ doc }) =>
    line === undefined || line > doc.lines ? Decoration.none : Decoration.set(MARK.range(doc.line(line).from)),
  );

/** The custom properties of the page hold in the shadow root, too. */
const THEME = EditorView.theme({
  '&': { color: 'var(--ink)', backgroundColor: 'var(--sunken)', fontSize: '12.5px', maxHeight: '70vh' },
  '&.cm-focused': { outline: '2px solid var(--accent)', outlineOffset: '-2px' },
  '.cm-scroller': { fontFamily: 'var(--mono)', lineHeight: '18px', overflow: 'auto' },
  '.cm-gutters': { color: 'var(--quiet)', backgroundColor: 'var(--sunken)', border: 'none' },
  '.cm-foldPlaceholder': { color: 'var(--quiet)', backgroundColor: 'transparent', borderColor: 'var(--line-strong)' },
  '.cm-marked': { backgroundColor: 'var(--accent-soft)', boxShadow: 'inset 2px 0 var(--accent)' },
  '.cm-panels': { color: 'var(--ink)', backgroundColor: 'var(--panel)', borderColor: 'var(--line)' },
  '&.cm-focused .cm-selectionBackground, .cm-selectionBackground, .cm-selectionMatch': { backgroundColor: 'var(--accent-soft) !important' },
});
