// PATCH /files/<path> without a body: the time of last change, and whether the file can be run, by
// the fields of an upload. A client that finds the bytes equal sends these alone. A directory takes
// the time. 204; 415 with a body, since no patch of bytes is taken (RFC 5789 section 2.2).
import { EXECUTABLE_FIELD, MTIME_FIELD, parseAttributes } from '../../api/file-attributes.ts';
import { ownView } from '../../hub/access/own-view.ts';
import { setAttributes } from '../../hub/uploads/attribution.ts';
import type { Conversation } from '../conversation/conversation.ts';
import { HttpFailure } from '../message/http-failure.ts';
import { parseRequestPath } from '../message/request-path.ts';
import { conditionOf } from './condition-of.ts';
import { asSpelled } from './spelling-wish.ts';
import type { UploadsHub } from './uploads-hub.ts';

/** Chosen: some file systems keep times to two seconds. */
const COARSEST_MS = 2000;

/** @param rest path after `/files/`. @throws Refusal, HttpFailure */
export async function answerSetAttributes(
  whole: UploadsHub,
  { req, res, caller }: Conversation,
  rest: string,
): Promise<void> {
  const hub = asSpelled(ownView(whole, caller, 'write'), req);
  const { segments, trailingSlash } = parseRequestPath(rest, 'ERR_NOT_PERMITTED');
  hub.access.check(caller, 'write', segments);
  const { 'content-length': length = '0', 'transfer-encoding': coding } = req.headers;
  if (Number(length) > 0 || coding !== undefined) {
    throw new HttpFailure(
      415,
      'a time or an executable bit is set without a body; PUT takes bytes',
    );
  }
  const attributes = parseAttributes((name) => req.headers[name]?.toString());
  const { modifiedMs, executable } = attributes;
  if (modifiedMs === undefined && executable === undefined)
    throw new HttpFailure(400, `give ${MTIME_FIELD}, Last-Modified or ${EXECUTABLE_FIELD}`);
  const condition = conditionOf(req.headers);
  const change = { segments, ofDirectory: trailingSlash, condition, attributes };
  const { version, entry } = await setAttributes(hub, change);
  const isKept =
    modifiedMs !== undefined && Math.abs(version.modifiedMs - modifiedMs) < COARSEST_MS;
  if (isKept) res.setHeader(MTIME_FIELD, 'accepted');
  if (entry) res.setHeader('ETag', `"${entry.cid}"`);
  res.writeHead(204).end();
}
