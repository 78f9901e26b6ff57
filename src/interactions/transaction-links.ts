// Replaces links between the resources of a transaction after their ids are known: full URLs of entries and conditional references become `Type/id`.
// https://hl7.org/fhir/R4/http.html#trules, relative references: https://hl7.org/fhir/R4/bundle.html#references
import { type LinkRewriter, rewriteLinks } from '../fhir/links.ts';
import type { Resource } from '../fhir/types.ts';
import type { Draft } from './context.ts';
import type { Target } from './transaction-targets.ts';

/** Full URL of an entry → the resource that the entry wrote. */
export type Links = ReadonlyMap<string, LinkTarget>;

/** `name`: `Type/id`. `version`: the version that the entry writes, if it is known. */
interface LinkTarget {
  name: string;
  version?: number;
}

const CONDITIONAL = /^[A-Z][A-Za-z]{1,60}\?./;
const VERSIONED = /^(.*)\/_history\/[A-Za-z0-9\-.]{1,64}$/;
const RESTFUL = /^(https?:\/\/.*\/)[A-Z][A-Za-z]{1,60}\/[A-Za-z0-9\-.]{1,64}$/;
const RELATIVE = /^[A-Z][A-Za-z]{1,60}\/[A-Za-z0-9\-.]{1,64}(?:\/_history\/[A-Za-z0-9\-.]{1,64})?$/;

/** Full URL of an entry → the resource that the entry wrote. Entries without a full URL, or whose full URL is the URL of the resource on this server, are left out. */
export function buildLinks(targets: Target[], baseUrl: string): Links {
  const links = new Map<string, LinkTarget>();
  for (const { entry, id, outcome } of targets) {
    const name = `${entry.type}/${id}`;
    if (entry.fullUrl === undefined || entry.fullUrl === `${baseUrl}/${name}`) continue;
    const version = outcome?.row?.version ?? (entry.method === 'POST' ? 1 : undefined);
    links.set(entry.fullUrl, { name, ...(version !== undefined && { version }) });
  }
  return links;
}

/** Replaces the links in a draft. `found`: conditional reference → `Type/id`. */
export function relinkDraft(
  draft: Draft,
  { links, found, fullUrl }: { links: Links; found: ReadonlyMap<string, string>; fullUrl: string | undefined },
): Draft {
  if (!links.size && !found.size) return draft;
  const root = fullUrl === undefined ? undefined : RESTFUL.exec(fullUrl)?.[1];
  const relink: LinkRewriter = (link, place) => (place === 'reference' ? found.get(link) : undefined) ?? findLinkTarget(links, link, root);
  const exact = rewriteLinks(draft.exact, relink);
  if (exact === draft.exact) return draft;
  return { exact, resource: draft.resource === draft.exact ? exact : rewriteLinks(draft.resource, relink) };
}

/** A versioned reference stays versioned and gets the version that the entry writes. */
function findLinkTarget(links: Links, link: string, root: string | undefined): string | undefined {
  const absolute = root !== undefined && RELATIVE.test(link) ? root + link : link;
  const direct = links.get(absolute);
  if (direct) return direct.name;
  const [, base, version] = VERSIONED.exec(absolute) ?? [];
  const named = base === undefined ? undefined : links.get(base);
  return named && `${named.name}/_history/${named.version ?? version}`;
}

/** The conditional references of a resource, without duplicates. https://hl7.org/fhir/R4/http.html#trules ("Conditional References") */
export function findConditionalReferences(resource: Resource): string[] {
  const found = new Set<string>();
  rewriteLinks(resource, (link, place) => {
    if (place === 'reference' && CONDITIONAL.test(link)) found.add(link);
    return undefined;
  });
  return [...found];
}
