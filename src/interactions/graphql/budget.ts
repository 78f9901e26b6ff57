// Counts what a GraphQL request has used, and ends it at a limit.
import { GRAPHQL_LIMITS } from '../../fhir/graphql/limits.ts';
import { type FhirError, tooCostly } from '../../fhir/outcome.ts';

export class GraphqlBudget {
  private resources = 0;
  private searches = 0;
  private values = 0;
  private isExceeded = false;
  private readonly deadline = performance.now() + GRAPHQL_LIMITS.duration;
  private readonly onExceeded: (error: FhirError) => void;

  /** `onExceeded` ends the request: the error that is thrown at the same time ends one field only. */
  constructor(onExceeded: (error: FhirError) => void) {
    this.onExceeded = onExceeded;
  }

  /** The number of resources that may still be read. */
  get remaining(): number {
    return GRAPHQL_LIMITS.resources - this.resources;
  }

  countResources(count: number): void {
    this.resources += count;
    if (this.resources > GRAPHQL_LIMITS.resources)
      this.fail(`a query reads at most ${GRAPHQL_LIMITS.resources} resources: add search parameters or _count, or page with a Connection`);
  }

  countSearch(): void {
    if (++this.searches > GRAPHQL_LIMITS.searches)
      this.fail(`a query makes at most ${GRAPHQL_LIMITS.searches} searches: send several queries`);
  }

  /** Whether the request goes on. Only the first field after the limit has an error, because each costs as much as hundreds of values. */
  countValues(count: number): boolean {
    if (this.isExceeded) return false;
    this.values += count;
    if (this.values > GRAPHQL_LIMITS.values)
      this.fail(`the result of a query has at most ${GRAPHQL_LIMITS.values} values: select fewer fields`);
    if (performance.now() > this.deadline) this.fail(`a query may take ${GRAPHQL_LIMITS.duration / 1000} seconds: ask for less at once`);
    return true;
  }

  private fail(text: string): never {
    const error = tooCostly(text);
    this.isExceeded = true;
    this.onExceeded(error);
    throw error;
  }
}
