// POST /files/<directory>/: the files of a form, as `curl -F` and a browser send them, each whole or
// not at all. Rights, limits and names are those of PUT. When one is refused, those before it are
// stored.
//
// A page of another site may send a form without asking, and the browser adds the password that it
// keeps for the hub: so a form of a foreign page is refused, whoever sends it.
import { filesUrl } from '../../api/files-url.ts';
import { ownView } from '../../hub/access/own-view.ts';
import type { Condition } from '../../hub/uploads/condition.ts';
import { PieceWriter } from '../../hub/uploads/piece-writer.ts';
import { checkTarget, publish } from '../../hub/uploads/publication.ts';
import { withOpen } from '../../root/opened.ts';
import { Refusal } from '../../runtime/refusal.ts';
import type { Conversation } from '../conversation/conversation.ts';
import { receiveBody } from '../conversation/receive-body.ts';
import { HttpFailure } from '../message/http-failure.ts';
import { parseRequestPath } from '../message/request-path.ts';
import { conditionOf } from './condition-of.ts';
import { openForm } from './form-files.ts';
import { checkAcceptable } from './upload.ts';
import type { UploadsHub } from './uploads-hub.ts';

type Segments = readonly string[];

/** @param rest path after `/files/`. @throws Refusal, HttpFailure */
export async function answerForm(
  whole: UploadsHub,
  conversation: Conversation,
  rest: string,
): Promise<void> {
  const { req, caller } = conversation;
  const hub = ownView(whole, caller, 'write');
  const { segments } = parseRequestPath(rest, 'ERR_NOT_PERMITTED');
  hub.access.check(caller, 'write', segments);
  checkPage(hub, conversation);
  checkAcceptable(conversation);
  const condition = conditionOf(req.headers);
  const stored: Segments[] = [];
  const form = await openForm(req.headers, async (name, bytes) => {
    const file = await storeFile(hub, conversation, { segments, name, condition, bytes });
    if (file) stored.push(file);
  });
  conversation.askForBody();
  try {
    await receiveBody(conversation, hub.link, (chunk) => form.take(chunk));
    await form.finish();
  } catch (error) {
    form.end(error);
    throw error;
  } finally {
    await form.settle();
  }
  answerStored(hub, conversation, segments, stored);
}

/** @throws Refusal ERR_NOT_PERMITTED */
function checkPage({ access }: UploadsHub, { req }: Conversation): void {
  const { origin, host, 'sec-fetch-site': site } = req.headers;
  // Every browser names the page; other programs need not.
  if (origin === undefined && site === undefined) return;
  if (origin !== undefined && access.pages.lets(origin)) return;
  // Browsers send it to hubs with TLS or on their own machine.
  if (site === 'same-origin' || site === 'none') return;
  const forwarded = req.headers['x-forwarded-host']?.toString();
  const own = [host, forwarded].map((each) => each?.toLowerCase());
  const isOwn = origin !== undefined && URL.canParse(origin) && own.includes(new URL(origin).host);
  if (site === undefined && isOwn) return;
  throw new Refusal(
    'ERR_NOT_PERMITTED',
    'pages of other origins may not write here; see --cors-origin',
  );
}

interface FormFile {
  /** Of the directory. */
  readonly segments: Segments;
  readonly name: string | undefined;
  readonly condition: Condition | undefined;
  readonly bytes: AsyncIterable<Buffer>;
}

/** Resolves to the place of the file; undefined if a person chose none. */
async function storeFile(
  hub: UploadsHub,
  { caller }: Conversation,
  { segments: directory, name = '', condition, bytes }: FormFile,
): Promise<Segments | undefined> {
  if (name === '') return passOver(bytes);
  const segments = placeOf(directory, name);
  hub.access.check(caller, 'write', segments);
  await checkTarget(hub, segments, condition);
  const reservation = hub.uploads.quota.reserve(0);
  try {
    await withOpen(hub.root.parentOf(segments, true), (parent) =>
      withOpen(parent.draft(segments.at(-1)!), async (draft) => {
        const writer = new PieceWriter({ file: draft, position: 0 });
        try {
          for await (const chunk of bytes) {
            const length = writer.position + chunk.length;
            hub.uploads.checkSize(length);
            reservation.cover(length);
            await writer.take(chunk);
          }
          await writer.finish();
        } finally {
          await writer.settle();
        }
        const { remote } = caller;
        const hashed = { leaves: undefined, sha256: undefined };
        await publish(hub, { segments, draft, condition, remote, hashed });
      }),
    );
  } finally {
    reservation.release();
  }
  return segments;
}

/** A browser sends a field without a file as one without name and bytes. */
async function passOver(bytes: AsyncIterable<Buffer>): Promise<undefined> {
  for await (const chunk of bytes) {
    if (chunk.length > 0) throw new HttpFailure(400, 'a file of the form has no name');
  }
}

/** @throws Refusal as for a path of PUT */
function placeOf(directory: Segments, name: string): Segments {
  // What stands for bytes that are not UTF-8.
  if (name.includes('\ufffd'))
    throw new Refusal('ERR_MALFORMED', 'a name in the form is not UTF-8');
  const path = [...directory, name].map(encodeURIComponent).join('/');
  return parseRequestPath(path, 'ERR_NOT_PERMITTED').segments;
}

function answerStored(
  { address }: UploadsHub,
  conversation: Conversation,
  directory: Segments,
  stored: readonly Segments[],
): void {
  const [first] = stored;
  if (!first) throw new HttpFailure(400, 'the form has no file');
  const { req, res } = conversation;
  const page = req.headers.accept?.includes('text/html');
  const listing = directory.length === 0 ? '/files/' : `${filesUrl(directory)}/`;
  if (page || stored.length === 1) {
    const shown = page ? listing : filesUrl(first);
    res.setHeader('Location', address.locate(conversation, shown));
  }
  const lines = stored.map((segments) => `stored ${filesUrl(segments)}\n`).join('');
  // RFC 9110 section 15.4.4: a browser shows the directory then, and sends nothing twice.
  conversation.reply(page ? 303 : 201, 'text/plain; charset=utf-8', lines);
}
