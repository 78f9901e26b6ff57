// Who made a version. The history names the key or the pseudonym of an access token; the audit names the user of an access token.

export interface Version {
  version: string;
  /** Absent: it is a deletion. */
  resource?: object;
  method: string;
  /** The API through which it came: `fhir`, a vendor's name, or `server`. */
  api: string;
  /** As the audit names it. Absent: the key may not read the audit. */
  actor?: string;
  at: string;
}

/** A part of an AuditEvent. https://hl7.org/fhir/R4/auditevent.html */
export interface WriteEvent {
  agent?: { who?: { reference?: string; identifier?: { value?: string } }; altId?: string; requestor?: boolean }[];
}

/** The user of the actor, else its client, else the actor itself. */
export function findAuthor(actor: string, events: readonly WriteEvent[]): string {
  const agents = events.map(({ agent = [] }) => agent).find((agent) => agent.some(({ altId }) => altId === actor)) ?? [];
  const user = agents.find(({ requestor, altId }) => requestor && altId === undefined)?.who;
  const client = agents.find(({ altId }) => altId === actor)?.who;
  return user?.reference ?? user?.identifier?.value ?? client?.identifier?.value ?? actor;
}
