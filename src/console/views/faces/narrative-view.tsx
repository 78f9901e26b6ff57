// The narrative of a resource: its XHTML, without what could run, load or lead elsewhere.
import { createElement } from 'preact';
import { useMemo } from 'preact/hooks';
import type { JsonObject } from '../../api/exact-json.ts';
import { readObject } from '../../api/faces-data.ts';
import { filterNarrative, type SafeNode, type SourceNode } from './narrative.ts';

export function Narrative({ resource }: { resource: JsonObject }) {
  const { div, status } = readObject(resource, 'text');
  const nodes = useMemo(() => (typeof div === 'string' ? parseNarrative(div) : []), [div]);
  if (typeof div !== 'string') return null;
  return (
    <section class="panel" aria-labelledby="narrative">
      <div class="row">
        <h2 id="narrative">Narrative</h2>
        <span class="quiet">{String(status ?? '')}</span>
      </div>
      <div class="narrative">{nodes.length ? nodes.map(toElement) : <p class="quiet">It has no text that can be shown safely.</p>}</div>
    </section>
  );
}

/** A document that is parsed like this runs nothing and loads nothing. https://developer.mozilla.org/docs/Web/API/DOMParser */
function parseNarrative(div: string): SafeNode[] {
  const parsed = new DOMParser().parseFromString(div, 'application/xhtml+xml');
  return parsed.querySelector('parsererror') ? [] : filterNarrative(parsed.documentElement as unknown as SourceNode);
}

const toElement = (node: SafeNode): preact.ComponentChild =>
  typeof node === 'string' ? node : createElement(node.name, node.attributes, ...node.children.map(toElement));
