// A text editor for JSON, which is loaded when it is shown first.
import { useEffect, useRef, useState } from 'preact/hooks';
import type { CodeMirror, EditorProblem } from './code-mirror.ts';
import { Skeleton } from './skeleton.tsx';

interface CodeEditorProps {
  /** The text at first: give the editor another `key` for another text. */
  text: string;
  label: string;
  problems: EditorProblem[];
  /** A position to move the cursor to; a new object moves it again. */
  cursor?: { position: number } | undefined;
  isReadOnly?: boolean;
  onChange: (text: string) => void;
}

export function CodeEditor({ text, label, problems, cursor, isReadOnly = false, onChange }: CodeEditorProps) {
  const host = useRef<HTMLDivElement>(null);
  const [editor, setEditor] = useState<CodeMirror>();
  const latest = useRef(onChange);
  latest.current = onChange;
  useEffect(() => {
    let isLeft = false;
    let opened: CodeMirror | undefined;
    void import('./code-mirror.ts').then(({ openCodeMirror }) => {
      if (isLeft || !host.current) return;
      opened = openCodeMirror(host.current, { text, label, onChange: (next) => latest.current(next) });
      setEditor(opened);
    });
    return () => {
      isLeft = true;
      opened?.close();
    };
  }, []);
  useEffect(() => editor?.showProblems(problems), [editor, problems]);
  useEffect(() => {
    if (cursor) editor?.select(cursor.position);
  }, [editor, cursor]);
  useEffect(() => editor?.setReadOnly(isReadOnly), [editor, isReadOnly]);
  return (
    <div class="code-editor">
      {!editor && <Skeleton lines={6} label="Loading the editor" />}
      <div class="code-host" ref={host} />
    </div>
  );
}
