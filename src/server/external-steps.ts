// The external steps of vendors' requests (`port:` in a mapping): a lab order is sent to the laboratory network, a physician is registered there.
import { businessRule, upstream } from '../fhir/outcome.ts';
import type { Context } from '../interactions/context.ts';
import type { Mappings } from '../mapping/shape.ts';
import type { AccountDirectory } from '../orders/accounts/account-directory.ts';
import { secondsUntilNextAttempt, sendNow } from '../orders/deliver/attempt-delivery.ts';
import type { OrderSender } from '../orders/deliver/order-sender.ts';
import { NO_ACCOUNT_TEXT } from '../orders/place/order-content.ts';
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
import type { AccountRuntimes } from './account-runtimes.ts';

/** By the names that mappings give them. */
export type ExternalSteps = Record<(typeof EXTERNAL_STEPS)[number], ExternalStep>;

export const buildExternalSteps = (accounts: AccountDirectory, runtimes: AccountRuntimes): ExternalSteps => ({
  'lab-order': buildOrderStep(accounts, runtimes),
  physician: buildPhysicianStep(accounts, runtimes),
});

/** The lease of the order's outbox entry decides which request sends it, so every request may claim this step. */
const buildOrderStep = (accounts: AccountDirectory, runtimes: AccountRuntimes): ExternalStep => ({
  async claim({ store, caller }, { resourceId }) {
    // the write hook of ServiceRequest queues the order; a request that is no order is answered with an error
    const entry = await findOrderEntry(store, caller.tenant, resourceId);
    if (!entry && !accounts.findOfTenant(caller.tenant)) throw businessRule(NO_ACCOUNT_TEXT, 'ServiceRequest.code');
    if (!entry) throw businessRule('this code is not in the table of panels that can be ordered', 'ServiceRequest.code');
    return {
      state: 'claimed',
      run: async (context) => confirmOrder((await runtimes.find(entry.account))?.sender, context, resourceId),
    };
  },
});

/** `sending`: of the account that the order was accepted for; undefined: the account is not configured any more. */
async function confirmOrder(sending: OrderSender | undefined, context: Context, resourceId: string): Promise<undefined> {
  if (!sending) throw upstream('the account that this order was accepted for is not configured: the order waits until it is');
  const sent = await sendNow(sending, context, resourceId);
  if (sent.result === 'accepted') return;
  if (sent.final) throw upstream(['the laboratory network refused the order', sent.why].filter(Boolean).join(': '));
  throw upstream(
    'the laboratory network has not confirmed the order yet: repeat the request with the same idempotency key',
    await secondsUntilNextAttempt(sending, context, resourceId),
  );
}

const buildPhysicianStep = (accounts: AccountDirectory, runtimes: AccountRuntimes): ExternalStep => ({
  async claim(inside, { id, key, toResource }) {
    const account = accounts.findOfTenant(inside.caller.tenant);
    if (!account) throw upstream(NO_PHYSICIAN_ACCOUNT_TEXT);
    const registration = { id, key, account: account.id, own: toResource };
    const claim = await claimRegistration(inside, registration);
    if (!('by' in claim) && claim.state === 'complete') return { state: 'complete' };
    if (!('by' in claim)) return { state: 'busy', wait: (context, startedAt) => waitForRegistration(context, registration, startedAt) };
    const claimed = { ...registration, by: claim.by, account: claim.account };
    return {
      state: 'claimed',
      run: async (context) => {
        const directory = (await runtimes.find(claim.account))?.physicians ?? UNAVAILABLE;
        return toVendorFields(await registerPhysician(context, claimed, directory));
      },
      async complete(context, fields) {
        if (!(await completeRegistration(context, claimed))) return false;
        if (fields?.status === 'pending')
          await queueRosterCheck(context, claim.account, { id, key, npi: readNpi(toResource(), context.clock().toISOString()) ?? '' });
        return true;
      },
      release: (context) => releaseRegistration(context, claimed),
    };
  },
});

const NO_PHYSICIAN_ACCOUNT_TEXT =
  'there is no account at the lab network for this tenant: the operator of this server creates one (facet accounts create)';

/** The account of a registration is not configured any more. */
const UNAVAILABLE: PhysicianDirectory = async () => ({ kind: 'unauthorised', why: 'the account of this registration is not configured' });

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
