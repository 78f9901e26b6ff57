// The differences of two JSON values of the page, whose numbers keep their digits.
import { buildComparison, type JsonChange as Change } from '../../../json-changes/list-changes.ts';
import { isJsonObject, isSame, type Json } from '../../api/exact-json.ts';

export type JsonChange = Change<Json>;

export const listDifferences = buildComparison<Json>({
  isSame,
  readMembers: (value) => (isJsonObject(value) ? value : undefined),
  readItems: (value) => (Array.isArray(value) ? value : undefined),
});
