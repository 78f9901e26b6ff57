// Webhook endpoints: the bytes of a message go to its receiver, and a message that is stored is answered with 204.
import type { Request, RequestHandler, Response } from 'express';
import { Router } from 'express';
import { methodNotAllowed } from '../../fhir/outcome.ts';
import { readBody } from '../middleware/read-body.ts';

/** `receive` resolves when the message is stored; an error that it throws is the response. */
export interface WebhookEndpoint {
  paths: string[];
  /** The largest body, in bytes; a larger one is 413. */
  limit: number;
  receive(message: { header(name: string): string | undefined; body: Buffer }): Promise<void>;
}

/** The handler of all endpoints. */
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
