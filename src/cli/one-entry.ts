// Looks up the one thing in the outbox that an operator has named by its id, and whose it is.
import { type Context, OPERATOR } from '../interactions/context.ts';
import type { Database } from '../store/database/database.ts';
import type { OutboxEntry } from '../store/queues/outbox-entry.ts';
import { listOutbox } from '../store/queues/outbox-view.ts';
import type { AdminFacts } from './admin-command.ts';
import { AdminError } from './admin-error.ts';
import { namesOf } from './outbox-words.ts';

/** What is looked for. `tenant`: the name of the one whose it is, where that was said. `what`: what people call it. */
interface Sought {
  topic: string;
  subject: string;
  tenant: string | undefined;
  what: string;
}

export interface One {
  entry: OutboxEntry;
  /** Its name. */
  tenant: string;
  /** Of that tenant, as an operator. */
  context: Context;
}

/** The newest of this name, or undefined; of which tenant must be said when several have one. */
export async function oneEntry(
  database: Database,
  { topic, subject, tenant, what }: Sought,
  contextOf: AdminFacts['contextOf'],
): Promise<One | undefined> {
  const tenants = await namesOf(database, tenant);
  const named = tenant === undefined ? {} : { tenant: [...tenants.keys()][0]! };
  const found = await listOutbox(database, { topic, subject, limit: 1000, ...named });
  const owners = [...new Set(found.map((entry) => entry.tenant))].map((id) => tenants.get(id));
  if (owners.length > 1) throw new AdminError(`several tenants have ${what} of this id: name one with --tenant (${owners.join(', ')})`);
  const entry = found.at(-1);
  return (
    entry && {
      entry,
      tenant: tenants.get(entry.tenant) ?? String(entry.tenant),
      context: contextOf({ tenant: entry.tenant, actor: OPERATOR, surface: 'fhir', scopes: [] }),
    }
  );
}
