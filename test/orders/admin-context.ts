// What an operator's command on orders is given by a test.
import type { AdminContext } from '../../src/cli/admin-command.ts';
import { createSecretBox } from '../../src/orders/accounts/secrets.ts';
import type { OrderSender } from '../../src/orders/deliver/order-sender.ts';

export const buildAdminContext = ({ clock, createContext }: Pick<OrderSender, 'clock' | 'createContext'>): AdminContext => ({
  keyPrefixes: {},
  mappings: {} as never,
  now: clock,
  secrets: createSecretBox([]),
  isEnvironmentExclusive: false,
  contextOf: createContext,
  syncCatalogue: () => Promise.reject(new Error('not asked for')),
  print: async () => {},
  progress: () => {},
});
