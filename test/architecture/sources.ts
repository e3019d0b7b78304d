// What the rules of the house are checked against: each source file with what it imports and the
// globals that it names, as TypeScript's parser sees them.
import { readdirSync, readFileSync } from 'node:fs';
import { join, posix, resolve, sep } from 'node:path';
import ts from 'typescript';

const ROOT = resolve(import.meta.dirname, '../..');

export interface Source {
  /** From the repository's root: `src/link/pacer.ts`. */
  path: string;
  lines: number;
  /** Files from the repository's root, modules and packages by their name. */
  imports: string[];
  /** Free names and `object.member` pairs, such as `Date` and `Math.random`. */
  names: Set<string>;
  hasDefaultExport: boolean;
  /** Whether anything is left of it at run time. */
  hasCode: boolean;
}

export interface House {
  sources: Source[];
  tests: Source[];
}

export function readHouse(): House {
  return { sources: sourcesBelow('src'), tests: sourcesBelow('test') };
}

function sourcesBelow(folder: string): Source[] {
  return readdirSync(join(ROOT, folder), { recursive: true, encoding: 'utf8' })
    .filter((path) => path.endsWith('.ts'))
    .map((path) => posix.join(folder, ...path.split(sep)))
    .sort()
    .map((path) => parseSource(path, readFileSync(join(ROOT, path), 'utf8')));
}

export function parseSource(path: string, text: string): Source {
  const source: Source = {
    path,
    lines: text.split('\n').length,
    imports: [],
    names: new Set(),
    hasDefaultExport: false,
    hasCode: false,
  };
  const visit = (node: ts.Node): void => {
    const target = importedBy(node);
    if (target !== undefined) source.imports.push(resolved(path, target));
    if (isDefaultExport(node)) source.hasDefaultExport = true;
    for (const name of namesIn(node)) source.names.add(name);
    ts.forEachChild(node, visit);
  };
  const file = ts.createSourceFile(path, text, ts.ScriptTarget.Latest, true);
  visit(file);
  source.hasCode = file.statements.some(runs);
  return source;
}

const runs = (statement: ts.Statement): boolean =>
  !ts.isImportDeclaration(statement) &&
  !ts.isExportDeclaration(statement) &&
  !ts.isInterfaceDeclaration(statement) &&
  !ts.isTypeAliasDeclaration(statement);

/** What a statement, `import()` or an imported type asks for. */
function importedBy(node: ts.Node): string | undefined {
  const asked =
    ts.isImportDeclaration(node) || ts.isExportDeclaration(node)
      ? node.moduleSpecifier
      : ts.isCallExpression(node) && node.expression.kind === ts.SyntaxKind.ImportKeyword
        ? node.arguments[0]
        : ts.isImportTypeNode(node) && ts.isLiteralTypeNode(node.argument)
          ? node.argument.literal
          : undefined;
  return asked && ts.isStringLiteralLike(asked) ? asked.text : undefined;
}

function resolved(path: string, target: string): string {
  return target.startsWith('.') ? posix.join(posix.dirname(path), target) : target;
}

function isDefaultExport(node: ts.Node): boolean {
  if (ts.isExportAssignment(node)) return true;
  if (ts.isExportSpecifier(node)) return node.name.text === 'default';
  return (
    ts.canHaveModifiers(node) &&
    (ts.getModifiers(node) ?? []).some(({ kind }) => kind === ts.SyntaxKind.DefaultKeyword)
  );
}

function namesIn(node: ts.Node): string[] {
  if (ts.isPropertyAccessExpression(node) && ts.isIdentifier(node.expression)) {
    return [`${node.expression.text}.${node.name.text}`];
  }
  if (!ts.isIdentifier(node)) return [];
  const { parent } = node;
  const isMember =
    (ts.isPropertyAccessExpression(parent) && parent.name === node) ||
    ((ts.isPropertyAssignment(parent) ||
      ts.isPropertySignature(parent) ||
      ts.isPropertyDeclaration(parent) ||
      ts.isMethodDeclaration(parent) ||
      ts.isMethodSignature(parent)) &&
      parent.name === node);
  return isMember ? [] : [node.text];
}
