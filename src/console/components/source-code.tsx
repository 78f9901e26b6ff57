// A file that is only read: JSON or YAML with line numbers, folding and search. Its editor is loaded with it.
import { useEffect, useRef } from 'preact/hooks';
import { useRequest } from '../api/use-request.ts';
import type { CodeLanguage } from './code-viewer.ts';
import { RequestView } from './request-view.tsx';

interface SourceCodeProps {
  text: string;
  language: CodeLanguage;
  label: string;
  /** Marked and shown. */
  line?: number | undefined;
}

type Editor = typeof import('./code-viewer.ts');

export function SourceCode(props: SourceCodeProps) {
  const loading = useRequest([], () => import('./code-viewer.ts'));
  return (
    <RequestView request={loading} title="Load the viewer" lines={12}>
      {(editor) => <LoadedCode {...props} editor={editor} />}
    </RequestView>
  );
}

function LoadedCode({ editor, text, language, label, line }: SourceCodeProps & { editor: Editor }) {
  const frame = useRef<HTMLDivElement>(null);
  useEffect(() => editor.showCode(frame.current!, { text, language, label, line }), [editor, text, language, label, line]);
  return <div ref={frame} class="source-code" />;
}
