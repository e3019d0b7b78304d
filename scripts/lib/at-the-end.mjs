// Stands for vitest where a script runs what tests run on: what they would undo at the end of a test is
// undone when undoAll() is called.
const undos = [];

export const onTestFinished = (undo) => {
  undos.push(undo);
};

/** The latest first. */
export async function undoAll() {
  for (const undo of undos.splice(0).reverse()) await undo();
}
