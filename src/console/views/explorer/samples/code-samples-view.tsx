// The search as a program to copy.
import { useState } from 'preact/hooks';
import { Button } from '../../../components/button.tsx';
import { CopyButton } from '../../../components/copy-button.tsx';
import type { SearchQuery } from '../query/search-query.ts';
import { LANGUAGES, type Language, writeSample } from './code-samples.ts';

export function CodeSamples({ base, query }: { base: string; query: SearchQuery }) {
  const [language, setLanguage] = useState<Language>('curl');
  const sample = writeSample(language, base, query);
  return (
    <div class="samples">
      <div class="row">
        {LANGUAGES.map((name) => (
          <Button key={name} pressed={name === language} onClick={() => setLanguage(name)}>
            {name}
          </Button>
        ))}
        <CopyButton text={sample}>Copy</CopyButton>
      </div>
      <section class="sample" aria-label={`The search with ${language}`} tabIndex={0}>
        <pre>{sample}</pre>
      </section>
      <p class="quiet">
        The key is read from the environment: <code>export FACET_KEY=…</code>
      </p>
    </div>
  );
}
