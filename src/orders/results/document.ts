// The laboratory's own document of a report, a PDF: a Binary that the DiagnosticReport points at. It comes after the values, and never holds them up.
// https://hl7.org/fhir/R4/binary.html, https://hl7.org/fhir/R4/datatypes.html#Attachment
import { createHash } from 'node:crypto';
import { readModifyWriteMany } from '../../interactions/read-modify-write-many.ts';
import { findLastEvent, type OrderSnapshot } from '../../junction/order-snapshot.ts';
import { systemContext } from '../system-actor.ts';
import { hear } from '../track/apply-snapshot.ts';
import { type LeasedOrder, type OrderTracker, parseTrackedState } from '../track/order-tracker.ts';
import { readExistingReport } from './existing-results.ts';
import { toDocumentId, toReportId } from './report.ts';

const PDF = 'application/pdf';

/** SHA-1, as R4 wants it. */
export const toSha1 = (bytes: Buffer): string => createHash('sha1').update(bytes).digest('base64');

/** The order as it is followed from here on; undefined: the lease is lost. */
export async function applyDocument(
  following: OrderTracker,
  leased: LeasedOrder,
  { order, bytes }: { order: OrderSnapshot; bytes: Buffer },
): Promise<LeasedOrder | undefined> {
  const heard = parseTrackedState(leased.placed);
  const hash = toSha1(bytes);
  const read = { event: findLastEvent(order)?.id ?? 0, hash };
  return following.store.transaction(async (store) => {
    const context = systemContext(following, leased.placed.tenant, store);
    const { journey } = await readExistingReport(context, leased.placed, order);
    const [report, document] = [toReportId(journey), toDocumentId(journey)];
    const look = await hear(store, leased, { heard: { ...heard, result: { ...heard.result!, document: true, read } } });
    if (!look) return undefined;
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
      { type: 'Binary', id: document, edit: (stands) => ({ ...stands, ...binary }) },
      { type: 'DiagnosticReport', id: report, edit: (stands) => stands && following.results.report.write(fields, stands) },
    ]);
    return look;
  });
}
