// No callback of hub, edge or peer ends the process: whatever is handed to code that is not
// ours (timers, listeners, callbacks of Node.js and of packages) is made by guarded(), and no
// promise is left alone. Read off the sources with their types, so that a new one is found too.
import { join, relative, resolve } from 'node:path';
import ts from 'typescript';
import { describe, expect, it } from 'vitest';

const ROOT = resolve(import.meta.dirname, '..');
/** Rooms whose code runs in a process that remotes reach. */
const ROOMS =
  /^src\/(hub|root|server|edge|peer|swarm|link|content|disk|telemetry|exchange|runtime)\//;

const { config } = ts.readConfigFile(join(ROOT, 'tsconfig.json'), ts.sys.readFile);
const { fileNames, options } = ts.parseJsonConfigFileContent(
  { ...config, include: ['src'] },
  ts.sys,
  ROOT,
);
const program = ts.createProgram(fileNames, options);
const checker = program.getTypeChecker();

const pathOf = (node: ts.Node): string => relative(ROOT, node.getSourceFile().fileName);
const isRoom = (file: ts.SourceFile): boolean => {
  const path = relative(ROOT, file.fileName);
  return ROOMS.test(path) && path !== 'src/runtime/guarded.ts';
};

function describeNode(node: ts.Node): string {
  const { line } = node.getSourceFile().getLineAndCharacterOfPosition(node.getStart());
  return `${pathOf(node)}:${line + 1}: ${node.getText().slice(0, 90).replace(/\s+/g, ' ')}`;
}

function visit(node: ts.Node, see: (node: ts.Node) => void): void {
  see(node);
  node.forEachChild((child) => visit(child, see));
}

const isFunction = (node: ts.Expression): boolean =>
  checker.getTypeAtLocation(node).getCallSignatures().length > 0;

/** What a callback may consist of without being guarded: it cannot throw. */
const HARMLESS =
  /^(undefined|(clearTimeout|clearInterval|(\w+\.)?(resolve|reject))\([\w.]*\)|[\w.]+\.destroy\(\)|conversation\.fail\(\w+\))$/;

function isHarmless(node: ts.Expression): boolean {
  // Of a promise.
  if (/^(\w+\.)?(resolve|reject)$/.test(node.getText())) return true;
  if (!ts.isArrowFunction(node)) return false;
  return (
    HARMLESS.test(node.body.getText()) ||
    (ts.isBlock(node.body) && node.body.statements.length === 0)
  );
}

/** guarded(...), or a name for one; or a callback that cannot throw. */
function isGuarded(node: ts.Expression): boolean {
  if (ts.isCallExpression(node)) return node.expression.getText() === 'guarded';
  if (isHarmless(node)) return true;
  const declaration = checker.getSymbolAtLocation(node)?.valueDeclaration;
  const made =
    declaration && (ts.isVariableDeclaration(declaration) || ts.isPropertyDeclaration(declaration));
  return made && declaration.initializer !== undefined ? isGuarded(declaration.initializer) : false;
}

/** The language's own; express, which answers what a route throws; promisify, which calls nothing. */
const TAKES_FAILURES = /typescript\/lib\/lib\.es|express-serve-static-core|node\/util\.d/;

/** Where the called function is declared, if it is not ours and not of the language itself. */
function foreignCallee(node: ts.CallExpression | ts.NewExpression): string | undefined {
  const declaration = checker.getResolvedSignature(node)?.getDeclaration();
  const file = declaration && pathOf(declaration);
  return file?.startsWith('node_modules/') && !TAKES_FAILURES.test(file) ? file : undefined;
}

const isPromise = (node: ts.Expression): boolean =>
  checker.getPropertyOfType(checker.getTypeAtLocation(node), 'then') !== undefined;

/** Whoever it is kept for awaits it. */
const isKept = (node: ts.Expression): boolean =>
  ts.isBinaryExpression(node) || ts.isAwaitExpression(node);

/** Ends in .catch(handler) or .then(handler, handler), of handlers that do not throw. */
function isCaught(node: ts.Expression): boolean {
  if (!ts.isCallExpression(node) || !ts.isPropertyAccessExpression(node.expression)) return false;
  const { text: method } = node.expression.name;
  if (method === 'finally') {
    return node.arguments.every(isGuarded) && isCaught(node.expression.expression);
  }
  const handlers = method === 'catch' ? 1 : method === 'then' ? 2 : -1;
  return node.arguments.length === handlers && node.arguments.every(isGuarded);
}

/** The types of the whole program are made for it. */
const TIMEOUT_MS = 120_000;

describe('callbacks', { timeout: TIMEOUT_MS }, () => {
  it('are guarded when they are handed to code that is not ours', () => {
    const bare: string[] = [];
    for (const file of program.getSourceFiles().filter(isRoom)) {
      visit(file, (node) => {
        if (!ts.isCallExpression(node) && !ts.isNewExpression(node)) return;
        const functions = (node.arguments ?? []).filter(isFunction);
        if (functions.length === 0 || functions.every(isGuarded)) return;
        const callee = foreignCallee(node);
        if (callee) bare.push(`${describeNode(node)} [${callee.slice(13, 60)}]`);
      });
    }
    expect(bare).toEqual([]);
  });

  it('leave no promise alone', () => {
    const floating: string[] = [];
    for (const file of program.getSourceFiles().filter(isRoom)) {
      visit(file, (node) => {
        if (!ts.isExpressionStatement(node) && !ts.isVoidExpression(node)) return;
        if (isPromise(node.expression) && !isKept(node.expression) && !isCaught(node.expression))
          floating.push(describeNode(node));
      });
    }
    expect(floating).toEqual([]);
  });
});
