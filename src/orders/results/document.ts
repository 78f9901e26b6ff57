// Stores the laboratory's PDF of a report: a Binary in DiagnosticReport.presentedForm. It is read after the values, which do not wait for it.
// https://hl7.org/fhir/R4/binary.html, https://hl7.org/fhir/R4/datatypes.html#Attachment
import { createHash } from 'node:crypto';
import { readModifyWriteMany } from '../../interactions/read-modify-write-many.ts';
import { findLastEvent, type OrderSnapshot } from '../../junction/order-snapshot.ts';
import { systemContext } from '../system-actor.ts';
import { recordTrackedState } from '../track/apply-snapshot.ts';
import { type LeasedOrder, type OrderTracker, parseTrackedState } from '../track/order-tracker.ts';
import { readExistingReport } from './existing-results.ts';
import { toDocumentId, toReportId } from './parse-report.ts';

const PDF = 'application/pdf';

/** Attachment.hash in R4. */
export const toSha1 = (bytes: Buffer): string => createHash('sha1').update(bytes).digest('base64');

/** Returns the updated order; undefined: the lease was lost. */
export async function applyDocument(
  tracker: OrderTracker,
  leased: LeasedOrder,
  { order, bytes }: { order: OrderSnapshot; bytes: Buffer },
): Promise<LeasedOrder | undefined> {
  const state = parseTrackedState(leased.trackedOrder);
  const hash = toSha1(bytes);
  const read = { event: findLastEvent(order)?.id ?? 0, hash };
  return tracker.store.transaction(async (store) => {
    const context = systemContext(tracker, leased.trackedOrder.tenant, store);
    const { idBase } = await readExistingReport(context, leased.trackedOrder, order);
    const [report, document] = [toReportId(idBase), toDocumentId(idBase)];
    const updated = await recordTrackedState(store, leased, { heard: { ...state, result: { ...state.result!, document: true, read } } });
    if (!updated) return undefined;
    const binary = {
      resourceType: 'Binary',
      contentType: PDF,
      securityContext: { reference: `DiagnosticReport/${report}` },
      data: bytes.toString('base64'),
    };
    const fields = {
      document: `Binary/${document}`,
      document_type: PDF,
      document_size: bytes.length,
      document_hash: hash,
    };
    await readModifyWriteMany(context, [
      { type: 'Binary', id: document, edit: (current) => ({ ...current, ...binary }) },
      { type: 'DiagnosticReport', id: report, edit: (current) => current && tracker.results.report.write(fields, current) },
    ]);
    return updated;
  });
}
