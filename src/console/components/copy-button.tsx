// Copies a text, and says that it did.
import { useState } from 'preact/hooks';
import { Button } from './button.tsx';

const SHOWN_MS = 2000;

export function CopyButton({ text, label = 'Copy', children }: { text: string | (() => string); label?: string; children?: string }) {
  const [isCopied, setIsCopied] = useState(false);
  const copy = async (): Promise<void> => {
    await navigator.clipboard.writeText(typeof text === 'string' ? text : text());
    setIsCopied(true);
    setTimeout(() => setIsCopied(false), SHOWN_MS);
  };
  const shown = isCopied ? 'Copied' : label;
  return (
    <Button variant="quiet" icon={isCopied ? 'check' : 'copy'} {...(children === undefined ? { label: shown } : {})} onClick={copy}>
      {children === undefined ? undefined : isCopied ? 'Copied' : children}
    </Button>
  );
}
