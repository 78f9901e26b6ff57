// The other FHIRPath engine that ours is compared with: the one of @medplum/core.

/** The engine's name of a type or backbone element: `TestScriptSetupAction` for `TestScript.setup.action`. It knows the elements of a type only by this name. */
export const toOtherType = (type: string): string =>
  type
    .split('.')
    .map((part, at) => (at === 0 ? part : part.charAt(0).toUpperCase() + part.slice(1)))
    .join('');
