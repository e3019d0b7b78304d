// Promise.withResolvers for Node 20. libp2p 3 calls it without a fallback; with
// it missing the failure shows up far away, as a refused or unencrypted
// connection. Load this before the first libp2p import. Delete it, and the
// imports of it, when `engines` asks for Node 22 or newer.
if (typeof Promise.withResolvers !== 'function') {
  Promise.withResolvers = function withResolvers<T>(): PromiseWithResolvers<T> {
    let resolve!: PromiseWithResolvers<T>['resolve'];
    let reject!: PromiseWithResolvers<T>['reject'];
    const promise = new Promise<T>((onFulfilled, onRejected) => {
      resolve = onFulfilled;
      reject = onRejected;
    });
    return { promise, resolve, reject };
  };
}
