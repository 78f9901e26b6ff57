// One request to the console's API, independent of Express.
import type { Context } from '../../interactions/context.ts';
import type { PageTokens } from '../../interactions/page-token.ts';
import type { Mappings } from '../../mapping/shape.ts';

interface ConsoleCall {
  context: Context;
  mappings: Mappings;
  pageTokens: PageTokens;
  /** The parameters of the path. */
  path: Record<string, string>;
  /** The text of the body. */
  readText(): Promise<string>;
}

/** Returns the JSON of the response. */
export type ConsoleHandler = (call: ConsoleCall) => Promise<object>;
