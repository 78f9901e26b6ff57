// What a mapping has to do with the person a key stands for ("me").
import type { Shape } from './shape.ts';
import type { FieldSpec, MappingSpec } from './spec.ts';

/** The default of a field that takes the caller's own Patient when an item is made. */
export const ME = '%me';

/** Whether a field, or one of an object it is, takes the caller's own Patient. */
const takesMe = ({ default: standard, fields = {} }: FieldSpec): boolean => standard === ME || Object.values(fields).some(takesMe);

/** Whether something of an item is the person: the item itself, or a field of what is made. */
export const takesPerson = ({ item, fields }: MappingSpec): boolean => item === 'me' || Object.values(fields).some(takesMe);

/** What of a shape is about the person; which keys open it is said by `for:` alone. */
export const personOf = ({ for: whom, item, answers, tells }: MappingSpec): Pick<Shape, 'me' | 'aboutMe' | 'answers' | 'tells'> => ({
  me: item === 'me',
  aboutMe: whom === 'person',
  ...(answers !== undefined && { answers }),
  ...(tells && { tells }),
});
