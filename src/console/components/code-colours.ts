// The colours of JSON and YAML in viewers and editors.
import { HighlightStyle } from '@codemirror/language';
import { tags } from '@lezer/highlight';

export const CODE_COLOURS = HighlightStyle.define([
  { tag: [tags.propertyName, tags.definition(tags.propertyName)], color: 'var(--accent)' },
  { tag: [tags.string, tags.special(tags.string)], color: 'var(--good)' },
  { tag: [tags.number, tags.bool, tags.null], color: 'var(--warn)' },
  { tag: [tags.keyword, tags.labelName, tags.typeName], color: 'var(--violet)' },
  { tag: tags.comment, color: 'var(--quiet)', fontStyle: 'italic' },
]);
