// Nothing decides by the text of an error: texts are for people, and change with a word. Codes,
// statuses and fields are for programs. Read off the sources, so that a new place is found too.
import { readdirSync, readFileSync } from 'node:fs';
import { join, relative, resolve } from 'node:path';
import ts from 'typescript';
import { describe, expect, it } from 'vitest';

const ROOT = resolve(import.meta.dirname, '..');

/** Places that have nothing but the text, and why. */
const ONLY_TEXT: Readonly<Record<string, string>> = {
  'src/peer/discovery/discovery.ts':
    'libp2p puts what failed in a handshake into the text of its own error',
  'src/peer/node/node.ts':
    'libp2p joins the errors of all listeners to one text and keeps nothing else',
};

/** Methods of a string that tell something of what it holds. */
const ASKS = new Set([
  'endsWith',
  'includes',
  'indexOf',
  'lastIndexOf',
  'localeCompare',
  'match',
  'matchAll',
  'search',
  'startsWith',
]);
/** Methods that are given a string to judge it. */
const JUDGES = new Set(['exec', 'get', 'has', 'test']);
/** Methods of a string that make another of it. */
const REWRITES =
  /^(replace|replaceAll|slice|split|substring|toLowerCase|toString|toUpperCase|trim)$/;
const EQUALITY = new Set([
  ts.SyntaxKind.EqualsEqualsToken,
  ts.SyntaxKind.EqualsEqualsEqualsToken,
  ts.SyntaxKind.ExclamationEqualsToken,
  ts.SyntaxKind.ExclamationEqualsEqualsToken,
]);

/** Lines of a source in which the text of an error decides something. */
function decisionsByText(text: string): number[] {
  const file = ts.createSourceFile('source.ts', text, ts.ScriptTarget.Latest, true);
  const made = new Map<string, ts.Expression>();
  const taken = new Set<string>();
  visit(file, (node) => {
    if (ts.isVariableDeclaration(node) && ts.isIdentifier(node.name) && node.initializer) {
      made.set(node.name.text, node.initializer);
    }
    if (!ts.isBindingElement(node) || !ts.isIdentifier(node.name)) return;
    if ((node.propertyName ?? node.name).getText() === 'message') taken.add(node.name.text);
  });
  const isText = (node: ts.Expression, depth = 0): boolean => {
    if (depth > 5) return false;
    if (ts.isParenthesizedExpression(node) || ts.isAsExpression(node))
      return isText(node.expression, depth);
    if (ts.isPropertyAccessExpression(node)) return node.name.text === 'message';
    if (ts.isIdentifier(node)) {
      const initializer = made.get(node.text);
      return taken.has(node.text) || (!!initializer && isText(initializer, depth + 1));
    }
    if (!ts.isCallExpression(node)) return false;
    const { expression: callee } = node;
    if (ts.isIdentifier(callee)) {
      const [argument] = node.arguments;
      const ofError =
        callee.text === 'String' && /^(cause|err|error)$/.test(argument?.getText() ?? '');
      return callee.text === 'describeError' || ofError;
    }
    return (
      ts.isPropertyAccessExpression(callee) &&
      REWRITES.test(callee.name.text) &&
      isText(callee.expression, depth + 1)
    );
  };
  const decides = (node: ts.Node): boolean => {
    if (ts.isSwitchStatement(node)) return isText(node.expression);
    if (ts.isElementAccessExpression(node)) return isText(node.argumentExpression);
    if (ts.isBinaryExpression(node) && EQUALITY.has(node.operatorToken.kind)) {
      const sides = [node.left, node.right];
      return sides.some((side) => isText(side)) && !sides.some(isNothing);
    }
    if (!ts.isCallExpression(node) || !ts.isPropertyAccessExpression(node.expression)) return false;
    const { name, expression } = node.expression;
    if (ASKS.has(name.text)) return isText(expression);
    return JUDGES.has(name.text) && node.arguments.some((argument) => isText(argument));
  };
  const lines: number[] = [];
  visit(file, (node) => {
    if (decides(node)) lines.push(file.getLineAndCharacterOfPosition(node.getStart()).line + 1);
  });
  return lines;
}

/** Whether there is a text at all is no question of what it says. */
const isNothing = (node: ts.Expression): boolean => /^(undefined|null|'')$/.test(node.getText());

function visit(node: ts.Node, see: (node: ts.Node) => void): void {
  see(node);
  node.forEachChild((child) => visit(child, see));
}

function sources(directory: string): string[] {
  return readdirSync(directory, { withFileTypes: true }).flatMap((entry) => {
    const path = join(directory, entry.name);
    if (entry.isDirectory()) return sources(path);
    return path.endsWith('.ts') ? [path] : [];
  });
}

describe('the text of an error', () => {
  const found = sources(join(ROOT, 'src')).flatMap((path) =>
    decisionsByText(readFileSync(path, 'utf8')).map((line) => ({
      path: relative(ROOT, path),
      line,
    })),
  );

  it('decides nothing', () => {
    expect(found.filter(({ path }) => !(path in ONLY_TEXT))).toEqual([]);
  });

  it('is all there is where it says so', () => {
    const paths = new Set(found.map(({ path }) => path));
    expect(Object.keys(ONLY_TEXT).filter((path) => !paths.has(path))).toEqual([]);
  });

  it.each([
    "if (error.message.includes('gone')) retry();",
    "if (error instanceof Failure && error.message.startsWith('404')) return undefined;",
    'const isOther = (error: unknown): boolean => /not signed/.test(error.message);',
    "const { message } = error;\nif (message === 'gone') retry();",
    "const { message: text } = error;\nif (text.endsWith('gone')) retry();",
    "const text = describeError(error).toLowerCase();\nif (text.indexOf('gone') >= 0) retry();",
    "switch (error.message) { case 'gone': retry(); }",
    'if (FINAL.has(error.message)) throw error;',
    'const reason = REASONS[error.message];',
    'const found = /ENOENT/.exec(String(error));',
  ])('is seen to decide: %s', (source) => {
    expect(decisionsByText(source)).toHaveLength(1);
  });

  it.each([
    "emit({ event, message: path + ': ' + error.message });",
    'const shown = error.message.replaceAll(staging, path);',
    "if (error.code === 'ERR_NOT_FOUND') return undefined;",
    'if (message === undefined) return;',
    "return error.message || 'no reason';",
  ])('is only shown: %s', (source) => {
    expect(decisionsByText(source)).toEqual([]);
  });
});
