// Figures about the source under src/ of a checkout, read from its syntax trees. Generated files are left out.
import { dirname, join, normalize, relative } from 'node:path';
import type { Node, SourceFile } from 'typescript/unstable/ast';
import {
  isAsExpression,
  isClassDeclaration,
  isFunctionDeclaration,
  isIdentifier,
  isInterfaceDeclaration,
  isTypeAliasDeclaration,
  isTypeAssertion,
  isVariableStatement,
} from 'typescript/unstable/ast/is';
import { API } from 'typescript/unstable/sync';

interface Source {
  /** Relative to the checkout. */
  path: string;
  lines: number;
  /** What is declared at the top level. */
  names: string[];
  assertions: number;
  /** The files of src/ that it imports. */
  imports: string[];
}

/** Pairs of a fact and its figure, in the order they are printed. */
export function measureSource(root: string): [string, string | number][] {
  const sources = readSources(root);
  const lines = sources.map((source) => source.lines).sort((a, b) => a - b);
  const files = Map.groupBy(
    sources.flatMap(({ names, path }) => names.map((name) => ({ name, path }))),
    ({ name }) => name,
  );
  const importers = Map.groupBy(
    sources.flatMap(({ imports, path }) => [...new Set(imports)].map((file) => ({ file, path }))),
    ({ file }) => file,
  );
  const single = sources.filter(({ path }) => importers.get(path)?.length === 1);
  const several = [...files].filter(([, places]) => places.length > 3).sort((a, b) => b[1].length - a[1].length);
  return [
    ['files', sources.length],
    ['lines', lines.reduce((sum, count) => sum + count, 0)],
    ['median and longest file', `${lines[lines.length >> 1]} / ${lines.at(-1)}`],
    ['folders', new Set(sources.map(({ path }) => dirname(path))).size],
    ['distinct top-level names', files.size],
    ['names that end in Of', [...files.keys()].filter((name) => name.endsWith('Of')).length],
    ['names declared in more than three files', several.length],
    [
      'the most frequent of them',
      several
        .slice(0, 12)
        .map(([name, places]) => `${name} ${places.length}`)
        .join(', ') || '–',
    ],
    ['files with one importer', single.length],
    ['of them with at most 40 lines', single.filter((source) => source.lines <= 40).length],
    ['type assertions', sources.reduce((sum, { assertions }) => sum + assertions, 0)],
  ];
}

function readSources(root: string): Source[] {
  const api = new API({ cwd: root });
  try {
    const [project] = api.updateSnapshot({ openProject: join(root, 'tsconfig.json') }).getProjects();
    const paths = project!.program
      .getSourceFileNames()
      .filter((path) => path.startsWith(join(root, 'src/')) && !path.includes('/generated/'));
    return paths.filter((path) => path.endsWith('.ts')).map((path) => toSource(root, path, project!.program.getSourceFile(path)!));
  } finally {
    api.close();
  }
}

function toSource(root: string, path: string, tree: SourceFile): Source {
  const specifiers = [...tree.text.matchAll(/(?:from|import)\s*\(?\s*'(\.[^']+)'/g)].map((match) => match[1]!);
  return {
    path: relative(root, path),
    lines: tree.text.split('\n').length - 1,
    names: tree.statements.flatMap(toDeclaredNames),
    assertions: countAssertions(tree),
    imports: specifiers.map((specifier) => relative(root, normalize(join(dirname(path), specifier)))),
  };
}

function toDeclaredNames(statement: Node): string[] {
  if (isVariableStatement(statement)) {
    return statement.declarationList.declarations.flatMap(({ name }) => (isIdentifier(name) ? [name.text] : []));
  }
  const named =
    isFunctionDeclaration(statement) ||
    isClassDeclaration(statement) ||
    isInterfaceDeclaration(statement) ||
    isTypeAliasDeclaration(statement);
  return named && statement.name ? [statement.name.text] : [];
}

/** Counts `x as T` and `<T>x`, but not `as const`. */
function countAssertions(node: Node): number {
  let count = (isAsExpression(node) && node.type.getText() !== 'const') || isTypeAssertion(node) ? 1 : 0;
  node.forEachChild((child) => {
    count += countAssertions(child);
    return undefined;
  });
  return count;
}
