// What PostgreSQL's text cannot hold, replaced: NUL, and half a surrogate pair. The same when written and when searched for, so that both still meet.

/** The nearest text that can be stored. */
export const toStorableText = (text: string): string => text.replaceAll('\0', '\ufffd').toWellFormed();
