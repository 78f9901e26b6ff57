// The narrative of a resource without what could run, load or lead elsewhere: only elements and attributes of a list are kept. https://hl7.org/fhir/R4/narrative.html

/** What is used of a parsed document: a DOM node is one. */
export interface SourceNode {
  nodeType: number;
  localName?: string;
  namespaceURI?: string | null;
  nodeValue: string | null;
  attributes?: Iterable<{ name: string; value: string }>;
  childNodes: Iterable<SourceNode>;
}

interface SafeElement {
  name: string;
  attributes: Record<string, string>;
  children: SafeNode[];
}

/** A text, or an element. */
export type SafeNode = string | SafeElement;

/** The elements of https://hl7.org/fhir/R4/narrative.html#rules that are shown as they are. `a` and `img` have rules of their own. */
const ELEMENTS = new Set(
  (
    'h1 h2 h3 h4 h5 h6 div p b i u em strong small big tt sub sup span br hr pre code samp var kbd cite dfn abbr acronym q blockquote ins del ' +
    'address bdo ul ol li dl dt dd table caption colgroup col thead tbody tfoot tr th td'
  ).split(' '),
);
/** What is in these is no text for a reader. */
const DROPPED = new Set(['script', 'style', 'head', 'title', 'iframe', 'object', 'embed', 'svg', 'math', 'template', 'noscript', 'form']);
/** Headings are those of the page. */
const RENAMED: Readonly<Record<string, string>> = {
  h1: 'p',
  h2: 'p',
  h3: 'p',
  h4: 'p',
  h5: 'p',
  h6: 'p',
  big: 'span',
  tt: 'code',
  acronym: 'abbr',
};
const ATTRIBUTES: Readonly<Record<string, RegExp>> = {
  colspan: /^\d{1,3}$/,
  rowspan: /^\d{1,3}$/,
  dir: /^(?:ltr|rtl|auto)$/,
  lang: /^[A-Za-z0-9-]{1,35}$/,
  title: /^.{0,500}$/s,
};
/** Images that are in the text itself. SVG is not among them: it can contain more than an image. */
const INLINE_IMAGE = /^data:image\/(?:png|jpeg|gif|webp);base64,[A-Za-z0-9+/=\s]+$/;
const XHTML = 'http://www.w3.org/1999/xhtml';
const [ELEMENT, TEXT, CDATA] = [1, 3, 4];
/** Deeper narratives are cut off: no reader follows them, and a page could be stopped by them. */
const DEEPEST = 60;

/** The narrative in `root`, its `div`. */
export const filterNarrative = (root: SourceNode, depth = 0): SafeNode[] => [...root.childNodes].flatMap((node) => filterNode(node, depth));

function filterNode(node: SourceNode, depth: number): SafeNode[] {
  if (node.nodeType === TEXT || node.nodeType === CDATA) return [node.nodeValue ?? ''];
  const name = node.localName ?? '';
  if (node.nodeType !== ELEMENT || node.namespaceURI !== XHTML || DROPPED.has(name) || depth > DEEPEST) return [];
  const attributes = new Map([...(node.attributes ?? [])].map((attribute) => [attribute.name, attribute.value]));
  if (name === 'img') return filterImage(attributes);
  const children = filterNarrative(node, depth + 1);
  if (name === 'a') return [...children, ...describeLink(attributes.get('href'), children)];
  if (!ELEMENTS.has(name)) return children;
  const kept = [...attributes].filter(([attribute, value]) => Object.hasOwn(ATTRIBUTES, attribute) && ATTRIBUTES[attribute]!.test(value));
  return [{ name: RENAMED[name] ?? name, attributes: Object.fromEntries(kept), children }];
}

/** An image that is elsewhere would be fetched by whoever reads: only its description is shown. */
function filterImage(attributes: ReadonlyMap<string, string>): SafeNode[] {
  const [src, alt] = [attributes.get('src') ?? '', attributes.get('alt') ?? ''];
  if (INLINE_IMAGE.test(src)) return [{ name: 'img', attributes: { src, alt }, children: [] }];
  return [`[image${alt && `: ${alt}`}]`];
}

/** Where a link leads is shown, and it cannot be followed. */
function describeLink(href: string | undefined, children: SafeNode[]): SafeNode[] {
  if (href === undefined || href.startsWith('#') || children.includes(href)) return [];
  return [' ', { name: 'code', attributes: {}, children: [href] }];
}
