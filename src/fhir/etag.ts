// Compares ETags in headers. https://www.rfc-editor.org/rfc/rfc9110#section-8.8.3

/** Whether If-Match or If-None-Match contains this ETag, weak or strong. `*` matches every ETag. */
export const matchesEtag = (etag: string, header: string): boolean =>
  header.split(',').some((tag) => tag.trim() === '*' || toOpaqueTag(tag) === toOpaqueTag(etag));

const toOpaqueTag = (tag: string): string => tag.trim().replace(/^W\//, '');
