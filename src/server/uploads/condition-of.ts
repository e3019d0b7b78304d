// Makes a condition of the hub from the header fields of a change (RFC 9110 section 13.1). Pure but
// for the clock.
import type { IncomingHttpHeaders } from 'node:http';
import type { Condition, Current } from '../../hub/uploads/condition.ts';
import { datedBy, versionValidators } from '../answer/representation.ts';
import { checkPreconditions, type Validators } from '../message/preconditions.ts';

/** Fields of a method that changes something. */
export const CONDITION_FIELDS = ['if-match', 'if-none-match', 'if-unmodified-since'] as const;

const isAny = (tags: string | undefined): boolean => tags?.trim() === '*';

/** The condition; undefined if the change has none. */
export function conditionOf(headers: IncomingHttpHeaders): Condition | undefined {
  if (CONDITION_FIELDS.every((name) => headers[name] === undefined)) return undefined;
  const lists = [headers['if-match'], headers['if-none-match']];
  return {
    comparesCid: lists.some((tags) => tags !== undefined && !isAny(tags)),
    holds: (current) =>
      current?.version.kind === 'directory'
        ? holdsOfDirectory(headers)
        : checkPreconditions('PUT', headers, current && validatorsOf(current)) === 'proceed',
  };
}

/** A directory has no tag, so that only `*` can match; and no date. */
function holdsOfDirectory(headers: IncomingHttpHeaders): boolean {
  const matched = headers['if-match'] === undefined || isAny(headers['if-match']);
  return matched && !isAny(headers['if-none-match']);
}

function validatorsOf({ cid, version: { modifiedMs } }: Current): Validators {
  return cid === undefined ? datedBy(modifiedMs) : versionValidators({ cid, modifiedMs });
}
