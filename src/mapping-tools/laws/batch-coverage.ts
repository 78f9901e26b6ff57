// Finds gaps in the examples of a batch create: how a request is split, and each identity field.

import { isDeepStrictEqual } from 'node:util';
import type { Example } from '../../mapping/load/examples.ts';
import type { LoadedShape } from '../../mapping/load/loaded.ts';
import { readRequestItems } from '../../mapping/request/request-items.ts';
import type { View } from '../../mapping/shape.ts';
import type { CoverageGap } from './example-context.ts';

export function findBatchGaps({ shape, mapping }: LoadedShape, examples: Example[]): CoverageGap[] {
  const { many } = mapping.content;
  if (!many) return [];
  const firstItem = (body: View): View => readRequestItems(shape, body)[0] ?? {};
  const distinct = examples.flatMap(({ same, of }) => (same === false && of ? [[firstItem(of[0]), firstItem(of[1])] as const] : []));
  const untold = (many.identity ?? []).filter((name) => !distinct.some((pair) => differOnlyIn(pair, name)));
  return [
    ...(examples.some(({ several }) => several)
      ? []
      : [{ keys: ['many'], text: 'no example shows a request of more than one item: add one with several: and items:' }]),
    ...(many.identity && !examples.some(({ same }) => same === true)
      ? [{ keys: ['many', 'identity'], text: 'no example shows two items that are the same: add one with same: true and of:' }]
      : []),
    ...untold.map((name) => ({
      keys: ['many', 'identity'],
      text: `no example shows two items that differ in ${name} alone: add one with same: false and of:`,
    })),
  ];
}

const differOnlyIn = ([one, other]: readonly [View, View], name: string): boolean =>
  !isDeepStrictEqual(one[name], other[name]) && isDeepStrictEqual({ ...one, [name]: null }, { ...other, [name]: null });
