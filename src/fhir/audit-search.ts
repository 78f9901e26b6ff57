// The search parameters of AuditEvent: https://hl7.org/fhir/R4/auditevent.html#search
import { parseDateRange } from './date-range.ts';
import { invalid } from './outcome.ts';

export const AUDIT_TYPE = 'AuditEvent';

/** The conditions of a search, all of which must be met; of the values in one list, one. Instants are half-open ranges. */
export interface AuditConditions {
  id?: string;
  instants: { from: string; to: string }[];
  patients: string[][];
  entities: string[][];
  subtypes: string[][];
  actions: string[][];
  outcomes: number[][];
  actors: string[][];
}

/** What a search asks for. */
interface AuditSearch extends AuditConditions {
  count: number;
  hasTotal: boolean;
  /** A condition that no event meets. */
  isEmpty: boolean;
}

interface AuditParameter {
  type: 'token' | 'date' | 'reference' | 'special';
  read: Reader;
}

type Reader = (search: AuditSearch, value: string, name: string) => void;

const DEFAULT_COUNT = 50;
const MAX_COUNT = 1000;
const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;

/** The codes of tokens that have this system, or none. */
const readTokens = (value: string, system: string): string[] =>
  value.split(',').flatMap((token) => {
    const at = token.indexOf('|');
    return at < 0 || token.slice(0, at) === system ? [token.slice(at + 1)] : [];
  });

const readReferences = (value: string, type?: string): string[] =>
  value.split(',').map((reference) => (reference.includes('/') || type === undefined ? reference : `${type}/${reference}`));

const readInstants: Reader = (search, value, name) => {
  const [, prefix = '', date = ''] = /^(eq|ge|gt|le|lt)?(.*)$/.exec(value) ?? [];
  const range = parseDateRange(date);
  if (!range) throw invalid(`${name} must be a date or an instant, with eq, ge, gt, le or lt before it`);
  const { from, to } = range;
  const bounds = { eq: [from, to], ge: [from, 'infinity'], gt: [to, 'infinity'], le: ['-infinity', to], lt: ['-infinity', from] };
  const [begin, end] = bounds[(prefix || 'eq') as keyof typeof bounds] as [string, string];
  search.instants.push({ from: begin, to: end });
};

/** Parameter → its kind, and what it adds to a search. */
export const AUDIT_PARAMETERS: ReadonlyMap<string, AuditParameter> = new Map<string, AuditParameter>([
  [
    '_id',
    {
      type: 'token',
      read: (search, value) => {
        if (UUID.test(value)) search.id = value;
        else search.isEmpty = true;
      },
    },
  ],
  ['_lastUpdated', { type: 'date', read: readInstants }],
  ['date', { type: 'date', read: readInstants }],
  ['patient', { type: 'reference', read: (search, value) => void search.patients.push(readReferences(value, 'Patient')) }],
  ['entity', { type: 'reference', read: (search, value) => void search.entities.push(readReferences(value)) }],
  [
    'action',
    { type: 'token', read: (search, value) => void search.actions.push(readTokens(value, 'http://hl7.org/fhir/audit-event-action')) },
  ],
  [
    'outcome',
    {
      type: 'token',
      read: (search, value) =>
        void search.outcomes.push(
          readTokens(value, 'http://hl7.org/fhir/audit-event-outcome')
            .filter((code) => /^\d{1,2}$/.test(code))
            .map(Number),
        ),
    },
  ],
  [
    'type',
    {
      type: 'token',
      read: (search, value) => {
        if (!readTokens(value, 'http://terminology.hl7.org/CodeSystem/audit-event-type').includes('rest')) search.isEmpty = true;
      },
    },
  ],
  [
    'subtype',
    { type: 'token', read: (search, value) => void search.subtypes.push(readTokens(value, 'http://hl7.org/fhir/restful-interaction')) },
  ],
  ['altid', { type: 'token', read: (search, value) => void search.actors.push(value.split(',')) }],
  [
    '_count',
    {
      type: 'special',
      read: (search, value) => {
        if (!/^\d{1,9}$/.test(value)) throw invalid('_count must be a whole number');
        search.count = Math.min(Number(value), MAX_COUNT);
      },
    },
  ],
  [
    '_total',
    {
      type: 'special',
      read: (search, value) => {
        if (!/^(none|estimate|accurate)$/.test(value)) throw invalid('_total must be none, estimate or accurate');
        search.hasTotal = value !== 'none';
      },
    },
  ],
  [
    '_sort',
    {
      type: 'special',
      read: (_search, value) => {
        if (value !== '-date' && value !== '-_lastUpdated') throw invalid('AuditEvents are sorted newest first: _sort can be -date only');
      },
    },
  ],
]);

/** The search that these parameters ask for. Every name must be one of AUDIT_PARAMETERS. */
export function parseAuditSearch(parameters: readonly [name: string, value: string][]): AuditSearch {
  const lists = { instants: [], patients: [], entities: [], subtypes: [], actions: [], outcomes: [], actors: [] };
  const search: AuditSearch = { ...lists, count: DEFAULT_COUNT, hasTotal: false, isEmpty: false };
  for (const [name, value] of parameters) AUDIT_PARAMETERS.get(name)!.read(search, value, name);
  return search;
}
