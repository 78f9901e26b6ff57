// The external steps of vendors' requests (`port:` in a mapping): a lab order is sent to the laboratory network, a physician is registered there.
import { businessRule, upstream } from '../fhir/outcome.ts';
import type { Context } from '../interactions/context.ts';
import type { Mappings } from '../mapping/shape.ts';
import { secondsUntilNextAttempt, sendNow } from '../orders/deliver/attempt-delivery.ts';
import type { OrderSender } from '../orders/deliver/order-sender.ts';
import { findOrderEntry } from '../orders/place/order-entry.ts';
import { readNpi } from '../orders/place/practitioner.ts';
import {
  claimRegistration,
  completeRegistration,
  type PhysicianDirectory,
  type RegistrationResult,
  registerPhysician,
  releaseRegistration,
  waitForRegistration,
} from '../physicians/registration.ts';
import { type ActivateRegistration, queueRosterCheck } from '../physicians/roster-check.ts';
import { completeDeferred } from '../vendor-api/deferred-completion.ts';
import type { EXTERNAL_STEPS, ExternalStep, StepFields } from '../vendor-api/external-step.ts';

/** By the names that mappings give them. */
export type ExternalSteps = Record<(typeof EXTERNAL_STEPS)[number], ExternalStep>;

export const buildExternalSteps = (sending: OrderSender, directory: PhysicianDirectory): ExternalSteps => ({
  'lab-order': buildOrderStep(sending),
  physician: buildPhysicianStep(directory),
});

/** The lease of the order's outbox entry decides which request sends it, so every request may claim this step. */
const buildOrderStep = (sending: OrderSender): ExternalStep => ({
  async claim({ store, caller }, { resourceId }) {
    // the write hook of ServiceRequest queues the order; a request that is no order is answered with an error
    if (!(await findOrderEntry(store, caller.tenant, resourceId)))
      throw businessRule('this code is not in the table of panels that can be ordered', 'ServiceRequest.code');
    return { state: 'claimed', run: (context) => confirmOrder(sending, context, resourceId) };
  },
});

async function confirmOrder(sending: OrderSender, context: Context, resourceId: string): Promise<undefined> {
  const sent = await sendNow(sending, context, resourceId);
  if (sent.result === 'accepted') return;
  if (sent.final) throw upstream(['the laboratory network refused the order', sent.why].filter(Boolean).join(': '));
  throw upstream(
    'the laboratory network has not confirmed the order yet: repeat the request with the same idempotency key',
    await secondsUntilNextAttempt(sending, context, resourceId),
  );
}

const buildPhysicianStep = (directory: PhysicianDirectory): ExternalStep => ({
  async claim(inside, { id, key, toResource }) {
    const registration = { id, key, own: toResource };
    const claim = await claimRegistration(inside, registration);
    if (!('by' in claim) && claim.state === 'complete') return { state: 'complete' };
    if (!('by' in claim)) return { state: 'busy', wait: (context, startedAt) => waitForRegistration(context, registration, startedAt) };
    const claimed = { ...registration, by: claim.by };
    return {
      state: 'claimed',
      run: async (context) => toVendorFields(await registerPhysician(context, claimed, directory)),
      async complete(context, fields) {
        if (!(await completeRegistration(context, claimed))) return false;
        if (fields?.status === 'pending')
          await queueRosterCheck(context, { id, key, npi: readNpi(toResource(), context.clock().toISOString()) ?? '' });
        return true;
      },
      release: (context) => releaseRegistration(context, claimed),
    };
  },
});

/** Activates a registration whose response was `pending`. `mappings`: returns the current mappings; called each time. */
export const buildActivateRegistration =
  (mappings: () => Pick<Mappings, 'shapes'>): ActivateRegistration =>
  (context, { id, key }, physicianId) =>
    completeDeferred(
      context,
      mappings(),
      { step: 'physician', id, key },
      { expected: { status: 'pending' }, fields: toVendorFields({ id: physicianId, status: 'active' }) },
    );

/** The fields of a registration that the vendor's API shows. */
const toVendorFields = ({ id, status }: RegistrationResult): StepFields => ({ junction_physician_id: id, status });
