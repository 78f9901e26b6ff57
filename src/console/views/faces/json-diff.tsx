// Changes of JSON, whose numbers keep their digits.
import { Diff } from '../../components/diff.tsx';
import type { JsonChange } from './diff.ts';
import { formatExact, type Json } from './exact-json.ts';

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
