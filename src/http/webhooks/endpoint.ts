// Doors for messages that others send us unasked: the bytes as they came go to who understands them, and a message that is kept is answered without a word.
import type { Request, RequestHandler, Response } from 'express';
import { Router } from 'express';
import { methodNotAllowed } from '../../fhir/outcome.ts';
import { readBody } from '../middleware/read-body.ts';

/** One door. `receive` resolves when the message is kept; what it throws is the answer. */
export interface WebhookEndpoint {
  paths: string[];
  /** The largest body, in bytes; a larger one is 413. */
  limit: number;
  receive(message: { header(name: string): string | undefined; body: Buffer }): Promise<void>;
}

/** The handler of all of them. */
export function buildWebhookRouter(list: WebhookEndpoint[]): RequestHandler {
  const router = Router();
  for (const { paths, limit, receive } of list) {
    router.post(paths, async (req: Request, res: Response) => {
      await receive({ header: (name) => req.get(name), body: await readBody(req, limit) });
      res.status(204).end();
    });
    router.all(paths, () => {
      throw methodNotAllowed(['POST']);
    });
  }
  return router;
}
