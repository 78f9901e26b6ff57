// What only the server knows of itself, and an OpenAPI document says: where it answers, and within which limits.

/** What a document says of the server beside its mappings. */
export interface ServerFacts {
  version: string;
  /** Where the surface answers, the most usual first. */
  servers: { url: string; description: string }[];
  /** The limit in force per key; null: none. */
  rateLimit: { limit: number; seconds: number } | null;
  /** Larger bodies are refused, in bytes. */
  bodyLimit: number;
}
