// What a line of `with:` asks for: those that refer to an item, or those that it refers to.
import type { ForwardJoinSpec, JoinSpec } from './spec.ts';

/** Whether it asks for what an item refers to. */
export const isForward = (spec: JoinSpec): spec is ForwardJoinSpec => 'to' in spec;

/** FHIR type of what is joined. */
export const joinedType = (spec: JoinSpec): string => (isForward(spec) ? spec.resource : spec.search.slice(0, spec.search.indexOf('?')));

/** The search of a join, with `{id}` for the ids it is asked with. */
export const joinSearch = (spec: JoinSpec): string => (isForward(spec) ? `${spec.resource}?_id={id}` : spec.search);
