/**
 * As Promise.all(), but it waits for all of them when one fails: none still writes while its caller
 * cleans up.
 */
export async function allEnded(promises) {
  const outcomes = await Promise.allSettled(promises);
  const failed = outcomes.find(({ status }) => status === 'rejected');
  if (failed) throw failed.reason;
  return outcomes.map(({ value }) => value);
}
