// The items of a request: most requests have one.
import type { Shape, View } from '../shape.ts';

export const readRequestItems = ({ batch, pickKnownFields }: Shape, request: View): View[] =>
  batch?.splitRequest(pickKnownFields(request)) ?? [pickKnownFields(request)];
