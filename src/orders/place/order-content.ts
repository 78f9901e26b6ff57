// What an order says, gathered from the ServiceRequest and what it refers to; what is missing, or cannot be told, is refused, naming the element.
// https://hl7.org/fhir/R4/servicerequest.html, docs/decisions/0023-order-acceptance.md
import { type Issue, rule } from '../../fhir/outcome.ts';
import { referenceTarget } from '../../fhir/reference-target.ts';
import type { Resource, ServedType } from '../../fhir/types.ts';
import type { Context } from '../../interactions/context.ts';
import type { Systems } from '../systems.ts';
import { activationDay } from './activation.ts';
import { collectionMethod } from './collection.ts';
import type { OrderContent } from './junction-order.ts';
import { labAccount } from './lab-account.ts';
import { containedIn, type Reference, SNAPSHOT } from './linked.ts';
import type { Tests, TestTable } from './order-criteria.ts';
import { clinicalNotes } from './order-notes.ts';
import { orderPatient, type Source } from './order-patient.ts';
import { icdCodes } from './order-reasons.ts';
import { orderedTests } from './ordered-tests.ts';
import { excludedBy } from './patient-record.ts';
import { signerOf } from './signer.ts';
import { supports } from './supporting.ts';
import { unsentIn } from './unsupported-elements.ts';
import { allSaid } from './validation-result.ts';

const URGENT = new Set(['stat', 'asap']);

/** What is an order, who may sign one, and what is said where a request is silent: configuration of an installation. */
export interface OrderRules {
  table: TestTable;
  systems: Systems;
  defaults: OrderDefaults;
  /** What becomes of an active laboratory request that cannot be ordered: it is stored as any other, or with a Task that rejects it, or it is refused. */
  unorderable: 'store' | 'reject' | 'refuse';
}

interface OrderDefaults {
  /** The laboratory's account that orders are placed under; undefined: the network looks for one. */
  labAccount: string | undefined;
  /** How many characters the notes of an order may have. */
  longestNote: number;
}

/** The content and whose order it is, or a refusal (422) that names all that is wrong. `code`: what the request's code means; `key` becomes the passthrough. */
export async function orderContent(
  context: Context,
  request: Resource,
  { code, rules, key }: { code: Tests; rules: OrderRules; key: string },
): Promise<{ patientId: string; content: OrderContent }> {
  const { table, systems, defaults } = rules;
  const now = context.clock();
  const { patientId, sources, excluded } = await subjectOf(context, request);
  const found = orderPatient(sources, now);
  const patient = 'patient' in found ? found.patient : undefined;
  const signer = await signerOf(context, request, { state: patient?.state, qualifications: systems.qualifications });
  const method = collectionMethod(request, systems);
  const said = allSaid(
    {
      method,
      tests: await orderedTests(context, request, { code, table, method, systems }),
      icdCodes: await icdCodes(context, request, patientId),
      notes: clinicalNotes(request, defaults.longestNote),
      support: await supports(context, request, { patientId, consents: systems.consents }),
      account: await labAccount(context, request, { system: systems.labAccount, standard: defaults.labAccount }),
      patient: 'patient' in found ? { says: found.patient } : found,
      physician: 'physician' in signer ? { says: signer.physician } : signer,
    },
    [...excluded, ...unsentIn(request, now)],
  );
  const activateBy = activationDay(request, said.patient.state, now);
  return { patientId, content: { ...said, urgent: isUrgent(request), activateBy, passthrough: key } };
}

export const isUrgent = ({ priority }: Resource): boolean => URGENT.has(priority as string);

/** Who the order is for: as the request says it, then as it is stored. */
async function subjectOf(
  { store, caller, baseUrl }: Context,
  request: Resource,
): Promise<{ patientId: string; sources: Source[]; excluded: Issue[] }> {
  const { reference = '' } = (request.subject ?? {}) as Reference;
  const [type, patientId] = referenceTarget(reference, baseUrl)?.split('/') ?? [];
  const row = type === 'Patient' && patientId ? await store.read(caller.tenant, 'Patient' satisfies ServedType, patientId) : undefined;
  if (!row?.body) throw rule('an order needs a Patient of this server as its subject', 'ServiceRequest.subject');
  const patient = JSON.parse(row.body) as Resource;
  return { patientId: row.id, sources: [...snapshotOf(request), { patient, at: undefined }], excluded: excludedBy(patient) };
}

function snapshotOf(request: Resource): Source[] {
  const inner = containedIn(request);
  const at = inner.findIndex(({ resourceType, id }) => resourceType === 'Patient' && id === SNAPSHOT);
  return at < 0 ? [] : [{ patient: inner[at]!, at: `ServiceRequest.contained[${at}]` }];
}
