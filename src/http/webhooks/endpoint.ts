// Webhook endpoints: pass the bytes of a message to its receiver, and return 204 when the receiver has stored it.
import type { Request, RequestHandler, Response } from 'express';
import { Router } from 'express';
import { methodNotAllowed } from '../../fhir/outcome.ts';
import { readBody } from '../middleware/read-body.ts';

/** A path may have the parameter `:account`. `receive` resolves when the message is stored. An error that it throws becomes the response. */
export interface WebhookEndpoint {
  paths: string[];
  /** The size limit of a body in bytes (413). */
  limit: number;
  receive(message: { account?: string | undefined; header(name: string): string | undefined; body: Buffer }): Promise<void>;
}

const readAccount = ({ params: { account } }: Request): string | undefined => (typeof account === 'string' ? account : undefined);

/** The router of all webhook endpoints. */
export function buildWebhookRouter(list: WebhookEndpoint[]): RequestHandler {
  const router = Router();
  for (const { paths, limit, receive } of list) {
    router.post(paths, async (req: Request, res: Response) => {
      await receive({ account: readAccount(req), header: (name) => req.get(name), body: await readBody(req, limit) });
      res.status(204).end();
    });
    router.all(paths, () => {
      throw methodNotAllowed(['POST']);
    });
  }
  return router;
}
