// Entity tags as they stand in headers. https://www.rfc-editor.org/rfc/rfc9110#section-8.8.3

/** Whether one of the tags of an If-Match or If-None-Match is this one, weak or strong; `*` is any. */
export const matchesEtag = (etag: string, header: string): boolean =>
  header.split(',').some((tag) => tag.trim() === '*' || toOpaqueTag(tag) === toOpaqueTag(etag));

const toOpaqueTag = (tag: string): string => tag.trim().replace(/^W\//, '');
