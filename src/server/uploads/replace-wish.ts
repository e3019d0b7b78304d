// The hub as a request wants things of another kind to give way (api/replace-field.ts).
import type { IncomingHttpHeaders } from 'node:http';
import { parseReplaceWish, REPLACE_FIELD } from '../../api/replace-field.ts';
import { replacing } from '../../hub/uploads/replacing.ts';
import type { HttpCaller } from '../conversation/http-caller.ts';
import type { UploadsHub } from './uploads-hub.ts';

/** @throws Refusal ERR_MALFORMED */
export function asReplacing(
  hub: UploadsHub,
  caller: HttpCaller,
  headers: IncomingHttpHeaders,
): UploadsHub {
  const wish = parseReplaceWish(headers[REPLACE_FIELD.toLowerCase()]?.toString());
  return wish ? replacing(hub, caller, wish === 'tree' ? 'all' : 'empty') : hub;
}
