// Where things are written: naming systems and code systems that stand in the mappings and profiles, not here.

export interface Systems {
  /** Identifier of the order at the network, on ServiceRequest and Task. */
  order: string;
  /** Identifier of the journey an order belongs to, on ServiceRequest and Task. */
  transaction: string;
  /** Identifier of the laboratory's sample, on ServiceRequest and Specimen. */
  sample: string;
  /** Code system of the network's own status, on `Task.businessStatus`. */
  status: string;
  /** Extension of ServiceRequest: when the laboratory completed it. */
  completedAt: string;
  /** Code system of kinds of qualification, on Practitioner. */
  qualifications: string;
  /** Extension of ServiceRequest: how the sample is taken; and the code system of its words, which a preferred place may have too. */
  collectionMethod: string;
  collectionMethods: string;
  /** Code system of the network's words for consents, on Consent. */
  consents: string;
  /** Identifier of an account at a laboratory, on Organization. */
  labAccount: string;
  /** Code system of what a Task was given, on `Task.input`. */
  taskInput: string;
}
