// How the sample of an order is taken, in the lab network's terms. https://docs.junction.com/lab/overview/testing-modalities

/** The methods that an order can state. */
export const COLLECTION_METHODS = ['walk_in_test', 'at_home_phlebotomy', 'on_site_collection'] as const;
export type CollectionMethod = (typeof COLLECTION_METHODS)[number];

/** The lab network refuses this method in an order: its lab tests that are test kits have it. */
export const TEST_KIT = 'testkit';

/** The methods that a lab test can have. */
export const LAB_TEST_METHODS: readonly string[] = [...COLLECTION_METHODS, TEST_KIT];
