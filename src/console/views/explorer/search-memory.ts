// The searches of this page by resource type, so that going back finds them again. They may contain patient data: they are kept in memory alone, and only for the
// user who wrote them.
import type { Parameter } from './query/search-query.ts';

interface RememberedSearch {
  parameters: Parameter[];
  columns?: string[] | undefined;
}

let owner: string | undefined;
const SEARCHES = new Map<string, RememberedSearch>();

/** `user`: whose session it is. Another user's searches are forgotten. */
export function recallSearch(user: string, type: string): RememberedSearch | undefined {
  if (owner !== user) SEARCHES.clear();
  owner = user;
  return SEARCHES.get(type);
}

export function rememberSearch(user: string, type: string, search: Partial<RememberedSearch>): void {
  SEARCHES.set(type, { parameters: [], ...recallSearch(user, type), ...search });
}
