// The file of a mapping, and how to edit such files with completion and checks.
import type { Source } from '../../api/mapping-types.ts';
import { CopyButton } from '../../components/copy-button.tsx';
import { SourceCode } from '../../components/source-code.tsx';

interface SourceTabProps {
  source: Source;
  /** The published schema of such files. */
  schema: 'mapping' | 'surface';
  line: number | undefined;
}

export const SourceTab = ({ source: { file, text }, schema, line }: SourceTabProps) => (
  <div class="source-tab">
    <section class="panel" aria-label="Source">
      <header class="row source-header">
        <code>{file}</code>
        {line !== undefined && <span class="quiet">line {line}</span>}
        <CopyButton text={text} label={`Copy ${file}`} />
      </header>
      <SourceCode text={text} language="yaml" label={file} line={line} />
    </section>
    <EditorSetup schema={schema} />
  </div>
);

/** https://github.com/redhat-developer/yaml-language-server#using-inlined-schema */
function EditorSetup({ schema }: Pick<SourceTabProps, 'schema'>) {
  const path = `/schemas/${schema}.json`;
  const comment = `# yaml-language-server: $schema=${location.origin}${path}`;
  return (
    <section class="panel" aria-labelledby="editor-setup">
      <h2 id="editor-setup">Edit such a file with completion</h2>
      <p>
        Editors with a YAML language server (VS Code with the extension “YAML” of Red Hat, JetBrains IDEs, Neovim) complete keywords, show
        what they mean and find mistakes, by <a href={path}>the JSON Schema of these files</a>. Write this as the first line:
      </p>
      <p class="row">
        <code class="snippet">{comment}</code>
        <CopyButton text={comment} label="Copy the line" />
      </p>
      <p class="quiet">
        A schema does not check paths, codes and searches: <code>facet mapping check</code> does, and a development server reports mistakes
        when a file is saved.
      </p>
    </section>
  );
}
