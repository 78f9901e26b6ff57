// A mistake of an administrator. The message is one sentence that includes the remedy; it never repeats a secret.

type MistakeKind = 'invalid' | 'forbidden' | 'not-found' | 'conflict';

/** `field`: the field with the mistake; the text continues its name. */
export class AdministrationError extends Error {
  readonly kind: MistakeKind;
  readonly text: string;
  readonly field: string | undefined;

  constructor(kind: MistakeKind, text: string, field?: string) {
    super(field === undefined ? text : field + text);
    this.kind = kind;
    this.text = text;
    this.field = field;
  }
}
