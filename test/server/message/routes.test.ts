// The table of routes: which path is whose, and what of it is left for the route.
import { expect, test } from 'vitest';
import { routeOf } from '../../../src/server/message/routes.ts';

test.each([
  ['/', { name: 'start', rest: '' }],
  ['/files', { name: 'files', rest: '' }],
  ['/files/', { name: 'files', rest: '' }],
  ['/files/a%20b/', { name: 'files', rest: 'a%20b/' }],
  ['/files//x', { name: 'files', rest: '/x' }],
  ['/ipfs/bafy', { name: 'blocks', rest: 'bafy' }],
  ['/uploads', { name: 'uploads', rest: '' }],
  ['/uploads/1', { name: 'uploads', rest: '1' }],
  ['/events', { name: 'events', rest: '' }],
  ['/events/', { name: 'events', rest: '' }],
  ['/healthz', { name: 'alive', rest: '' }],
  ['/.well-known/hubswarm', { name: 'wellKnown', rest: 'hubswarm' }],
])('%s is a route', (path, found) => {
  expect(routeOf(path)).toEqual(found);
});

test.each([
  '',
  '*',
  '//',
  '//x',
  '//files/x',
  '/x',
  '/filesystem',
  '/FILES/x',
  '/ipfs',
  '/events/x',
  '/toString',
])('%j is none', (path) => {
  expect(routeOf(path)).toBeUndefined();
});
