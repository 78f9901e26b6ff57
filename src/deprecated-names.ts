// Names that were replaced by clearer ones. The old names work for one more release, and a warning names the new one.

/** Environment variables. */
export const DEPRECATED_VARIABLES: Readonly<Record<string, string>> = {
  FACET_LOG: 'FACET_LOG_LEVEL',
  FACET_CONNECTIONS: 'FACET_MAX_CONNECTIONS',
  FACET_REQUEST_SECONDS: 'FACET_REQUEST_TIMEOUT_SECONDS',
  FACET_SUBSCRIPTION_HOSTS: 'FACET_PRIVATE_SUBSCRIBER_HOSTS',
};

/** Values of `--state` of `facet orders list`. */
export const DEPRECATED_ORDER_STATES: Readonly<Record<string, string>> = { unread: 'poll-failing' };

/** Metrics: the old series is served in addition to the new one. */
export const DEPRECATED_METRICS: Readonly<Record<string, string>> = {
  facet_unsent_order_oldest_seconds: 'facet_unconfirmed_order_oldest_seconds',
  facet_network_held_back: 'facet_order_circuit_open',
  facet_unread_orders: 'facet_order_polls_failing',
  facet_order_look_overdue_seconds: 'facet_order_poll_overdue_seconds',
};

export const deprecationText = (oldName: string, newName: string): string =>
  `${oldName} is deprecated and will be removed in the next release: use ${newName}`;
