// What the examples of a mapping leave out.

/** What is left out: the place in the mapping file, and what an example must show. */
export interface Gap {
  keys: string[];
  text: string;
}
