// The resources that the bench searches, with ids that follow from their numbers.
import { buildIndexRows } from '../../src/fhir/indexing/resource-rows.ts';
import type { SearchRegistry } from '../../src/fhir/search/registry.ts';
import type { Resource, ServedType } from '../../src/fhir/types.ts';
import type { IndexState } from '../../src/interactions/index-state.ts';
import type { ResourceChange } from '../../src/store/resources/resource-change.ts';
import { BATCH_SIZE } from '../bulk-load.ts';
import { patient, practitioner, role, serviceRequest } from './data.ts';

/** How many resources there are of each type. A practitioner has one role. */
export interface Corpus {
  patients: number;
  practitioners: number;
  requests: number;
}

/** A search finds at least 20 patients of a family, so that pages do not grow with the corpus. */
export function buildCorpus(resources: number): Corpus {
  const practitioners = Math.round(resources * 0.05);
  const patients = Math.round(resources * 0.6);
  return { patients, practitioners, requests: resources - patients - 2 * practitioners };
}

const TYPES = ['Patient', 'Practitioner', 'PractitionerRole', 'ServiceRequest'] as const;
type CorpusType = (typeof TYPES)[number];

/** The id of the n-th resource of a type. */
export const idOf = (type: CorpusType, n: number): string =>
  `${TYPES.indexOf(type) + 1}0000000-0000-4000-8000-${n.toString(16).padStart(12, '0')}`;

/** How many patients have orders: six each, whatever the size of the corpus. */
export const countSubjects = ({ requests }: Corpus): number => Math.ceil(requests / 6);

const BUILDERS: Record<CorpusType, { count(corpus: Corpus): number; build(n: number, corpus: Corpus): object }> = {
  Patient: { count: ({ patients }) => patients, build: (n) => patient(n) },
  Practitioner: { count: ({ practitioners }) => practitioners, build: (n) => practitioner(n) },
  PractitionerRole: { count: ({ practitioners }) => practitioners, build: (n) => role(n, idOf('Practitioner', n)) },
  ServiceRequest: {
    count: ({ requests }) => requests,
    build: (n, corpus) =>
      serviceRequest(n, {
        subject: `Patient/${idOf('Patient', n % countSubjects(corpus))}`,
        requester: `Practitioner/${idOf('Practitioner', n % corpus.practitioners)}`,
      }),
  },
};

const TRANSACTION_SIZE = 100;

interface IndexParts {
  registry: SearchRegistry;
  index: IndexState;
}

/** The corpus as changes for `bulkLoad`. */
export function* buildBatches(corpus: Corpus, parts: IndexParts): Generator<ResourceChange[]> {
  for (const type of TYPES) {
    const count = BUILDERS[type].count(corpus);
    for (let from = 0; from < count; from += BATCH_SIZE)
      yield Array.from({ length: Math.min(BATCH_SIZE, count - from) }, (_one, at) => buildChange(type, from + at, { corpus, ...parts }));
  }
}

/** The n-th resource of a type, as a client sends it. */
const buildResource = (type: CorpusType, n: number, corpus: Corpus): object => ({
  resourceType: type,
  id: idOf(type, n),
  ...BUILDERS[type].build(n, corpus),
});

/** The corpus as transactions of the FHIR API, for a tree whose tables are not known here. */
export function* buildTransactions(corpus: Corpus): Generator<object> {
  for (const type of TYPES) {
    const count = BUILDERS[type].count(corpus);
    for (let from = 0; from < count; from += TRANSACTION_SIZE)
      yield {
        resourceType: 'Bundle',
        type: 'transaction',
        entry: Array.from({ length: Math.min(TRANSACTION_SIZE, count - from) }, (_one, at) => ({
          resource: buildResource(type, from + at, corpus),
          request: { method: 'PUT', url: `${type}/${idOf(type, from + at)}` },
        })),
      };
  }
}

function buildChange(type: CorpusType, n: number, { corpus, registry, index }: IndexParts & { corpus: Corpus }): ResourceChange {
  const id = idOf(type, n);
  const lastUpdated = new Date(Date.UTC(2024, 0, 1) + n * 50).toISOString();
  const resource = { ...buildResource(type, n, corpus), meta: { versionId: '1', lastUpdated } } as Resource;
  return {
    type,
    id,
    version: 1,
    lastUpdated,
    method: 'POST',
    actor: 'bench',
    body: JSON.stringify(resource),
    index: buildIndexRows(resource, registry),
    rules: index.findRules(type as ServedType),
  };
}
