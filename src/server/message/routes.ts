// The routes of a hub, in the one table that routing, refusals, the door and an edge go by. The
// folder hall/ answers them. Pure.

export interface Route {
  /** The path, without a slash at its end (but for the start page). */
  readonly path: string;
  readonly covers: 'itself' | 'below' | 'both';
  /** Methods that a refusal names (Allow). */
  readonly methods: readonly string[];
}

const READ = ['GET', 'HEAD', 'OPTIONS'];

const itself = (path: string): Route => ({ path, covers: 'itself', methods: READ });

export const ROUTES = {
  start: itself('/'),
  files: {
    path: '/files',
    covers: 'both',
    methods: ['GET', 'HEAD', 'PUT', 'POST', 'PATCH', 'DELETE', 'MKCOL', 'OPTIONS'],
  },
  blocks: { path: '/ipfs', covers: 'below', methods: READ },
  /** Its own protocol, tus, decides which methods it takes where. */
  uploads: { path: '/uploads', covers: 'both', methods: [] },
  events: itself('/events'),
  metrics: itself('/metrics'),
  alive: itself('/healthz'),
  ready: itself('/readyz'),
  wellKnown: { path: '/.well-known', covers: 'below', methods: READ },
} as const satisfies Record<string, Route>;

export type RouteName = keyof typeof ROUTES;

export interface Found {
  readonly name: RouteName;
  /** The rest of the path after the route and a slash, still escaped. */
  readonly rest: string;
}

const BY_PATH = new Map(
  Object.entries(ROUTES).map(([name, route]): [string, [RouteName, Route]] => [
    route.path,
    [name as RouteName, route],
  ]),
);

/** @param path of a request target, still escaped. Returns undefined if no route has it. */
export function routeOf(path: string): Found | undefined {
  const end = path.indexOf('/', 1);
  const isBelow = end > 1;
  const known = BY_PATH.get(isBelow ? path.slice(0, end) : path);
  if (!known) return undefined;
  const [name, { covers }] = known;
  const rest = isBelow ? path.slice(end + 1) : '';
  if (covers === 'itself' ? rest !== '' : covers === 'below' && !isBelow) return undefined;
  return { name, rest };
}
