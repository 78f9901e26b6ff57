// What the editor and the viewer of code share. CodeMirror lives in a shadow root, where its styles are adopted style sheets: elsewhere it would insert style elements,
// which the content security policy refuses.
import { HighlightStyle, syntaxHighlighting } from '@codemirror/language';
import { EditorState, type Extension } from '@codemirror/state';
import { drawSelection, EditorView, lineNumbers } from '@codemirror/view';
import { tags } from '@lezer/highlight';

const COLOURS = HighlightStyle.define([
  { tag: [tags.propertyName, tags.definition(tags.propertyName)], color: 'var(--accent)' },
  { tag: [tags.string, tags.special(tags.string)], color: 'var(--good)' },
  { tag: [tags.number, tags.bool, tags.null], color: 'var(--warn)' },
  { tag: [tags.keyword, tags.labelName, tags.typeName], color: 'var(--violet)' },
  { tag: tags.comment, color: 'var(--quiet)', fontStyle: 'italic' },
]);

/** The custom properties of the page hold in the shadow root, too. */
const THEME = EditorView.theme({
  '&': { color: 'var(--ink)', backgroundColor: 'var(--sunken)' },
  '.cm-scroller': { font: '12.5px / 18px var(--mono)' },
  '.cm-gutters': { color: 'var(--quiet)', backgroundColor: 'var(--sunken)', border: 'none' },
  '&.cm-focused > .cm-scroller > .cm-selectionLayer .cm-selectionBackground, .cm-selectionBackground': {
    backgroundColor: 'color-mix(in srgb, var(--accent) 28%, transparent)',
  },
});

interface CodeViewOptions {
  text: string;
  /** The name of the text, for screen readers. */
  label: string;
  extensions: Extension;
}

/** `host`: an empty element, or one whose view was destroyed. */
export function openCodeView(host: HTMLElement, { text, label, extensions }: CodeViewOptions): EditorView {
  const root = host.shadowRoot ?? host.attachShadow({ mode: 'open' });
  const shared = [
    lineNumbers(),
    drawSelection(),
    syntaxHighlighting(COLOURS),
    EditorView.lineWrapping,
    EditorView.contentAttributes.of({ 'aria-label': label, spellcheck: 'false', tabindex: '0' }),
    THEME,
  ];
  return new EditorView({ state: EditorState.create({ doc: text, extensions: [shared, extensions] }), parent: root, root });
}
