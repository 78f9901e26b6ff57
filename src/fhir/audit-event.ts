// Builds the AuditEvent of a request by the patterns of IHE BALP: https://profiles.ihe.net/ITI/BALP/content.html, https://hl7.org/fhir/R4/auditevent.html

/** The facts of one request. They contain no clinical data. The stored form is their JSON, in this order of members. */
export interface AuditFacts {
  id: string;
  /** When the request began, ISO 8601 in UTC. */
  at: string;
  requestId: string;
  /** The API that the request used: `fhir`, a vendor's surface, or `admin`. */
  door: string;
  method: string;
  /** The route as declared, without ids. */
  route?: string | undefined;
  /** https://hl7.org/fhir/R4/valueset-type-restful-interaction.html */
  subtypes: readonly string[];
  status: number;
  /** The id of the API key, or the pseudonym of an access token. Absent: no known credential. */
  actor?: string | undefined;
  issuer?: string | undefined;
  client?: string | undefined;
  subject?: string | undefined;
  /** The user of an access token as a FHIR resource. */
  fhirUser?: string | undefined;
  address?: string | undefined;
  /** Type/id of the resources that the request read or wrote, without patients (until 27 November 2026, with them). */
  entities: string[];
  /** Patient/id, the patients that these resources are or refer to. */
  patients: string[];
  /** The number of resources and patients beyond the limit of one event. */
  omitted?: number | undefined;
  /** Names of query parameters; values only of references and of parameters that steer the result. */
  query?: string | undefined;
}

/** The values that searches test. */
export interface AuditIndex {
  action: string;
  outcome: number;
  subtypes: readonly string[];
  actor: string | null;
  patients: string[];
  /** Without those that are in `patients`, where events until 27 November 2026 have them too. */
  entities: string[];
}

/** https://hl7.org/fhir/R4/valueset-audit-event-action.html. BALP: a query is E, a read is R. */
const ACTIONS: Readonly<Record<string, string>> = {
  create: 'C',
  read: 'R',
  vread: 'R',
  'history-instance': 'R',
  'history-type': 'R',
  'history-system': 'R',
  update: 'U',
  patch: 'U',
  delete: 'D',
};

const findAction = ({ subtypes }: AuditFacts): string => ACTIONS[subtypes[0] ?? ''] ?? 'E';

/** https://hl7.org/fhir/R4/valueset-audit-event-outcome.html: success, minor failure (refused), serious failure. */
const findOutcome = ({ status }: AuditFacts): number => (status < 400 && status > 0 ? 0 : status >= 500 ? 8 : 4);

/** What the columns of an event contain. */
export function indexAuditFacts(facts: AuditFacts): AuditIndex {
  const patients = new Set(facts.patients);
  return {
    action: findAction(facts),
    outcome: findOutcome(facts),
    subtypes: facts.subtypes,
    actor: facts.actor ?? null,
    patients: facts.patients,
    entities: facts.entities.filter((reference) => !patients.has(reference)),
  };
}

const DCM = 'http://dicom.nema.org/resources/ontology/DCM';
const SOURCE_ROLE = { coding: [{ system: DCM, code: '110153', display: 'Source Role ID' }] };
const DESTINATION_ROLE = { coding: [{ system: DCM, code: '110152', display: 'Destination Role ID' }] };
const ENTITY_TYPE = 'http://terminology.hl7.org/CodeSystem/audit-entity-type';
const OBJECT_ROLE = 'http://terminology.hl7.org/CodeSystem/object-role';
const BALP_ENTITY = 'https://profiles.ihe.net/ITI/BALP/CodeSystem/BasicAuditEntityType';

/** The resource. `recorded`: when the server stored the event. */
export function buildAuditEvent(facts: AuditFacts, recorded: string): object {
  const { id, at, method, route, door, subtypes, status } = facts;
  return {
    resourceType: 'AuditEvent',
    id,
    meta: { versionId: '1', lastUpdated: recorded },
    type: { system: 'http://terminology.hl7.org/CodeSystem/audit-event-type', code: 'rest', display: 'Restful Operation' },
    ...(subtypes.length && { subtype: subtypes.map((code) => ({ system: 'http://hl7.org/fhir/restful-interaction', code })) }),
    action: findAction(facts),
    period: { start: at, end: recorded },
    recorded,
    outcome: String(findOutcome(facts)),
    outcomeDesc: `${method} ${route ?? door}: ${status === 0 ? 'the client disconnected' : status}`,
    agent: buildAgents(facts),
    source: {
      site: door,
      observer: { display: 'Facet' },
      type: [{ system: 'http://terminology.hl7.org/CodeSystem/security-source-type', code: '4', display: 'Application Server' }],
    },
    entity: buildEntities(facts),
  };
}

/** BALP: the client of a read is the destination of the data, that of other interactions their source. A user is an agent of its own. */
function buildAgents(facts: AuditFacts): object[] {
  const { actor, issuer, client, subject, fhirUser, address } = facts;
  const isRead = findAction(facts) === 'R';
  const hasUser = subject !== undefined || fhirUser !== undefined;
  return [
    {
      type: isRead ? DESTINATION_ROLE : SOURCE_ROLE,
      who: actor === undefined ? { display: 'no known credential' } : { identifier: { value: client ?? actor } },
      ...(actor !== undefined && { altId: actor }),
      requestor: !hasUser,
      ...(address !== undefined && { network: { address, type: '2' } }),
    },
    { type: isRead ? SOURCE_ROLE : DESTINATION_ROLE, who: { display: 'Facet' }, requestor: false },
    ...(hasUser
      ? [
          {
            type: {
              coding: [
                { system: 'http://terminology.hl7.org/CodeSystem/v3-ParticipationType', code: 'IRCP', display: 'information recipient' },
              ],
            },
            who: {
              ...(fhirUser && { reference: fhirUser }),
              ...(subject && { identifier: { ...(issuer && { system: issuer }), value: subject } }),
            },
            requestor: true,
          },
        ]
      : []),
  ];
}

function buildEntities({ requestId, entities, patients, omitted, query }: AuditFacts): object[] {
  const others = entities.filter((reference) => !reference.startsWith('Patient/'));
  return [
    { what: { identifier: { value: requestId } }, type: { system: BALP_ENTITY, code: 'XrequestId' } },
    ...patients.map((reference) => ({
      what: { reference },
      type: { system: ENTITY_TYPE, code: '1', display: 'Person' },
      role: { system: OBJECT_ROLE, code: '1', display: 'Patient' },
    })),
    ...others.map((reference) => ({
      what: { reference },
      type: { system: ENTITY_TYPE, code: '2', display: 'System Object' },
      role: { system: OBJECT_ROLE, code: '4', display: 'Domain Resource' },
    })),
    ...(query === undefined
      ? []
      : [
          {
            type: { system: ENTITY_TYPE, code: '2', display: 'System Object' },
            role: { system: OBJECT_ROLE, code: '24', display: 'Query' },
            query: Buffer.from(query).toString('base64'),
          },
        ]),
    ...(omitted
      ? [
          {
            type: { system: ENTITY_TYPE, code: '2', display: 'System Object' },
            description: `${omitted} more resources and patients are not listed`,
          },
        ]
      : []),
  ];
}
