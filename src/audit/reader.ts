// Reads the stored events of a tenant.
import { type AuditFacts, buildAuditEvent } from '../fhir/audit-event.ts';
import { parseAuditSearch } from '../fhir/audit-search.ts';
import {
  type AuditPosition,
  type AuditRange,
  BEFORE_ALL_EVENTS,
  countAuditEvents,
  readAuditRange,
  type StoredAuditEvent,
  searchAuditEvents,
} from '../store/audit-events.ts';
import type { Database } from '../store/database/database.ts';

interface RecordedFacts {
  facts: AuditFacts;
  recorded: string;
}

/** `next`: the position at which the next page begins. */
export interface AuditPage {
  events: RecordedFacts[];
  next?: AuditPosition;
  total?: number;
}

/** The AuditEvents of a tenant in a range of time, oldest first, as JSON. */
export async function* exportAuditEvents(database: Database, tenant: number, range: Omit<AuditRange, 'after'>): AsyncGenerator<string> {
  let after = BEFORE_ALL_EVENTS;
  for (;;) {
    const page = await readAuditRange(database, tenant, { ...range, after });
    for (const stored of page) yield JSON.stringify(buildAuditEvent(toFacts(stored).facts, stored.recorded));
    const last = page.at(-1);
    if (!last) return;
    after = last;
  }
}

export interface AuditReader {
  read(id: string): Promise<RecordedFacts | undefined>;
  search(parameters: readonly [name: string, value: string][], after?: AuditPosition): Promise<AuditPage>;
}

// the assertion: the recorder alone writes these texts
const toFacts = ({ event, recorded }: StoredAuditEvent): RecordedFacts => ({ facts: JSON.parse(event) as AuditFacts, recorded });

/** `database`: the handle of a request of the tenant. */
export const createAuditReader = (database: Database, tenant: number): AuditReader => ({
  async read(id) {
    const [found] = await searchAuditEvents(database, tenant, { ...parseAuditSearch([['_id', id]]), count: 1 });
    return found && toFacts(found);
  },
  async search(parameters, after) {
    const { count, hasTotal, isEmpty, ...conditions } = parseAuditSearch(parameters);
    if (isEmpty) return { events: [], total: 0 };
    const found = count ? await searchAuditEvents(database, tenant, { ...conditions, ...(after && { after }), count: count + 1 }) : [];
    const page = found.slice(0, count);
    const last = page.at(-1);
    const isWhole = !after && count > 0 && found.length <= count;
    const total = isWhole ? page.length : hasTotal || count === 0 ? await countAuditEvents(database, tenant, conditions) : undefined;
    return {
      events: page.map(toFacts),
      ...(last && found.length > count && { next: { recorded: last.recorded, id: last.id } }),
      ...(total !== undefined && { total }),
    };
  },
});
