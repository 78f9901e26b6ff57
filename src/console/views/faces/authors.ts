// Who made a version: the history says when and through which API, the audit who. An event is that of a version if the version was stored while its request ran.

export interface Version {
  version: string;
  /** Absent: it is a deletion. */
  resource?: object;
  method: string;
  /** The API through which it came: `fhir`, a vendor's name, or `server`. */
  door: string;
  at: string;
}

/** A part of an AuditEvent. https://hl7.org/fhir/R4/auditevent.html */
export interface WriteEvent {
  period?: { start?: string; end?: string };
  source?: { site?: string };
  agent?: { who?: { reference?: string; identifier?: { value?: string }; display?: string }; requestor?: boolean }[];
}

/** The users or keys of the requests that may have made a version: several if requests of the same API ran at the same time. */
export function findAuthors({ at, door }: Version, events: readonly WriteEvent[]): string[] {
  const found = events.filter(({ period, source }) => source?.site === door && isBetween(at, period));
  return [...new Set(found.flatMap(listRequestors))];
}

const isBetween = (at: string, { start = '', end = '' }: NonNullable<WriteEvent['period']> = {}): boolean => start <= at && at <= end;

const listRequestors = ({ agent = [] }: WriteEvent): string[] =>
  agent.flatMap(({ requestor, who }) => {
    const name = who?.reference ?? who?.identifier?.value ?? who?.display;
    return requestor && name !== undefined ? [name] : [];
  });
