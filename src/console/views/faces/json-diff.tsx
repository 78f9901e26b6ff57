// Changes of JSON, whose numbers keep their digits.

import { formatExact, type Json } from '../../api/exact-json.ts';
import { Diff } from '../../components/diff.tsx';
import type { JsonChange } from './diff.ts';

export const JsonDiff = ({ changes, label }: { changes: JsonChange[]; label: string }) => (
  <Diff
    label={label}
    changes={changes.map(({ path, before, after }) => ({
      path: path || '(all)',
      ...(before !== undefined && { before: toText(before) }),
      ...(after !== undefined && { after: toText(after) }),
    }))}
  />
);

const toText = (value: Json): string => (typeof value === 'string' ? value : formatExact(value));
