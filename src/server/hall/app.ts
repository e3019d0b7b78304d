// Decides which code answers a request. Requests for bytes (GET and HEAD of a file or a block) take
// the shortest way, straight from node:http. Express frames the others: the start page, listings,
// uploads, health, and refusals. Measured: express alone takes two thirds of the speed of a 10 KiB
// file.
import type { IncomingMessage, ServerResponse } from 'node:http';
import express, { type NextFunction, type Request, type Response } from 'express';
import { ownView } from '../../hub/access/own-view.ts';
import { withOpen } from '../../root/opened.ts';
import type { Segments } from '../../root/root.ts';
import { guarded } from '../../runtime/guarded.ts';
import { Conversation } from '../conversation/conversation.ts';
import { answerEvents } from '../events/events-route.ts';
import { answerFile } from '../files/file-response.ts';
import { answerIndex } from '../files/index-page.ts';
import { SmallFiles } from '../files/small-files.ts';
import { type Blocks, findPlaced } from '../gateway/blocks.ts';
import { answerGateway } from '../gateway/gateway-route.ts';
import { AnswerThrough } from '../intermediary/answer-through.ts';
import { answerDirectory } from '../listing/directory-response.ts';
import { HttpFailure } from '../message/http-failure.ts';
import { parseRequestPath, targetPath } from '../message/request-path.ts';
import { ROUTES, type RouteName, routeOf } from '../message/routes.ts';
import { answerTus } from '../tus/tus-route.ts';
import { answerDelete } from '../uploads/delete.ts';
import { answerForm } from '../uploads/form-upload.ts';
import { answerMakeDirectory } from '../uploads/make-directory.ts';
import { answerSetAttributes } from '../uploads/set-attributes.ts';
import { answerUpload } from '../uploads/upload.ts';
import { answerAbout } from './about-route.ts';
import { answerAdmission } from './admission-route.ts';
import { enter } from './door.ts';
import { answerHealth, asksForHealth } from './health-route.ts';
import type { Hub } from './hub.ts';
import { answerMetrics } from './metrics-route.ts';
import { endIfNextIsLost } from './upgrade.ts';

interface Asked {
  readonly req: Request;
  /** The rest of the path after the route and a slash, still escaped. */
  readonly rest: string;
}

/** Answers a route that express frames. */
type LongWay = (hub: Hub, conversation: Conversation, asked: Asked) => Promise<void> | void;

const LONG_WAYS: { readonly [Name in RouteName]?: LongWay } = {
  start: (hub, conversation) =>
    conversation.redirect(hub.address.locate(conversation, `${ROUTES.files.path}/`)),
  files: answerFilesRoute,
  uploads: (hub, conversation) => answerTus(hub, conversation, targetPath(conversation.target)),
  events: answerEvents,
  metrics: answerMetrics,
  wellKnown: async (hub, conversation, { rest }) => {
    if (answerAbout(hub, conversation, rest)) return;
    if (!(await answerAdmission(hub, conversation, rest))) throw nothingHere();
  },
};

/** The listener for an HTTP server's requests. Never throws. */
export function createListener(hub: Hub) {
  const app = createApp(hub);
  const through = hub.intermediary && new AnswerThrough(hub, hub.intermediary);
  const longWay = async (conversation: Conversation): Promise<void> => {
    if (await answerBytes(hub, smallFiles, through, conversation)) return;
    conversation.register();
    // Express may be called with what node:http makes; its types ask for its own.
    app(conversation.req as Request, conversation.res as Response);
  };
  const smallFiles = new SmallFiles(hub, (conversation) => {
    longWay(conversation).catch((error: unknown) => conversation.fail(error));
  });
  const route = (conversation: Conversation): Promise<void> | undefined =>
    smallFiles.answer(conversation) ? undefined : longWay(conversation);
  const answer = (req: IncomingMessage, res: ServerResponse): void => {
    const conversation = new Conversation(req, res, hub);
    // Balancers ask from anywhere and often: neither tokens nor limits apply to them.
    if (asksForHealth(req))
      answerHealth(hub, conversation).catch((error) => conversation.fail(error));
    else enter(hub, conversation, route);
  };
  return (req: IncomingMessage, res: ServerResponse): void => {
    endIfNextIsLost(req, res);
    req.url = hub.address.inner(req.url ?? '');
    const begin = guarded(
      'answering a request',
      () => answer(req, res),
      () => req.socket.destroy(),
    );
    // Takes requests of a connection one at a time: a GET behind a PUT gets the file that was put.
    // Node.js would begin both at once.
    hub.traffic.pipelines.take(req, res, begin);
  };
}

/**
 * Answers with a file or a block; false for all else, directories included, which the app answers.
 */
async function answerBytes(
  hub: Hub,
  smallFiles: SmallFiles,
  through: AnswerThrough | undefined,
  conversation: Conversation,
): Promise<boolean> {
  const { method, url } = conversation.req;
  if (await through?.answer(conversation)) return true;
  if (method !== 'GET' && method !== 'HEAD') return false;
  const found = routeOf(targetPath(url ?? ''));
  if (found?.name === 'blocks') {
    const outlet = { conversation, link: hub.link };
    await answerGateway(outlet, readableBlocks(hub, conversation), found.rest);
    return true;
  }
  if (found?.name !== 'files') return false;
  const { segments, trailingSlash } = parseRequestPath(found.rest);
  if (trailingSlash || hub.access.leads(conversation.caller, segments)) return false;
  hub.access.check(conversation.caller, 'read', segments);
  const own = ownView(hub, conversation.caller, 'read');
  return withOpen(own.root.open(segments), async (file) => {
    if (file.kind === 'directory') return false;
    const { place, version } = file;
    const looked = { segments, place, stamp: version.stamp };
    await answerFile(own, conversation, segments, file, (sent) =>
      smallFiles.keep(conversation.req, looked, sent),
    );
    return true;
  });
}

/** The blocks that a caller may read: a block lies in files, and one readable file suffices. */
function readableBlocks({ access, catalogue }: Hub, conversation: Conversation): Blocks {
  access.checkListing(conversation.caller, []);
  const isReadable = (place: Segments) => access.allows(conversation.caller, 'read', place);
  return {
    find: (cid) => findPlaced(catalogue.places(cid, isReadable), cid),
    sharing: access.isPublic ? 'public' : 'private',
  };
}

function createApp(hub: Hub) {
  const app = express();
  app.disable('x-powered-by');
  // Express frames the answers. It does not choose the route: it would read targets its own way (it
  // cuts off any scheme, and turns a backslash before '#' into a slash).
  app.use((req: Request, res: Response, next: NextFunction) => {
    const conversation = Conversation.of(res);
    const found = routeOf(targetPath(conversation.target));
    const answer = found && LONG_WAYS[found.name];
    const takes = answer && isTaken(ROUTES[found.name].methods, req.method);
    return takes ? answer(hub, conversation, { req, rest: found.rest }) : next();
  });
  app.use(refuse);
  app.use((error: unknown, _req: Request, res: Response, _next: NextFunction) =>
    Conversation.of(res).fail(error),
  );
  return app;
}

/**
 * Whether a route takes the method. Questions about the route itself get the answer of {@link
 * refuse}.
 */
const isTaken = (methods: readonly string[], method: string): boolean =>
  methods.length === 0 || (method !== 'OPTIONS' && methods.includes(method));

async function answerFilesRoute(
  hub: Hub,
  conversation: Conversation,
  { req, rest }: Asked,
): Promise<void> {
  if (req.method === 'PUT') return answerUpload(hub, conversation, rest);
  if (req.method === 'POST') return answerForm(hub, conversation, rest);
  if (req.method === 'DELETE') return answerDelete(hub, conversation, rest);
  if (req.method === 'PATCH') return answerSetAttributes(hub, conversation, rest);
  if (req.method === 'MKCOL') return answerMakeDirectory(hub, conversation, rest);
  // JSON is for who names it: crawlers and older tools name nothing, and walk pages alone.
  const prefersHtml = req.accepts(['html', 'json']) !== 'json';
  const { segments } = parseRequestPath(rest);
  if (await answerIndex(hub, conversation, segments, prefersHtml)) return;
  return answerDirectory(hub, conversation, segments, prefersHtml);
}

/** Answers 405 if another method would do (RFC 9110 section 15.5.6), else 404. */
function refuse({ originalUrl, method }: Request, res: Response): void {
  const path = targetPath(originalUrl);
  const found = routeOf(path);
  // RFC 9110 section 9.3.7: `*` means the server as a whole.
  const asked = path === '*' ? 'files' : found?.name;
  const allowed = asked && ROUTES[asked].methods.join(', ');
  if (allowed && method === 'OPTIONS') {
    res.setHeader('Allow', allowed);
    res.writeHead(204).end();
  } else if (found && allowed && method !== 'GET' && method !== 'HEAD') {
    throw new HttpFailure(405, `${method} is not taken here; allowed: ${allowed}`, {
      Allow: allowed,
    });
  } else throw nothingHere();
}

const nothingHere = (): HttpFailure =>
  new HttpFailure(404, 'nothing here; files are below /files/, blocks at /ipfs/<cid>');
