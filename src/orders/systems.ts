// The naming systems, code systems and extensions that orders use. Their URLs are configured in mappings/junction/systems.yaml.

export interface Systems {
  /** Identifier of the order at the lab network, on ServiceRequest and Task. */
  order: string;
  /** Identifier of the order transaction that an order belongs to, on ServiceRequest and Task. */
  transaction: string;
  /** Identifier of the laboratory's sample, on ServiceRequest and Specimen. */
  sample: string;
  /** Code system of the lab network's status, on `Task.businessStatus`. */
  status: string;
  /** Extension of ServiceRequest: when the laboratory completed the order. */
  completedAt: string;
  /** Code system of types of qualification, on Practitioner. */
  qualifications: string;
  /** Extension of a qualification: the status of its registration with the lab network. */
  registrationStatus: string;
  /** Extension of ServiceRequest: the collection method. */
  collectionMethod: string;
  /** Code system of collection methods, in that extension and in `ServiceRequest.locationCode`. */
  collectionMethods: string;
  /** Code system of the lab network's types of consent, on Consent. */
  consents: string;
  /** Identifier of an account at a laboratory, on Organization. */
  labAccount: string;
  /** Identifier of a payor (an insurance company) at the lab network, on Organization. */
  payor: string;
  /** Code system of the types of `Task.input`. */
  taskInput: string;
}
