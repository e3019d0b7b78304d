import type { Connection } from '@libp2p/interface';
import { inside } from '../patches/inside.ts';
import { Session } from './session.ts';

const PATCH = 'a word now and then';

/** Says something that the other side need not answer; over a stock muxer, a ping. */
export function speak(connection: Connection): void {
  const muxer = inside<{ muxer: object }>(PATCH, connection, 'muxer')?.muxer;
  if (muxer instanceof Session) muxer.speak();
  else
    inside<{ ping(): Promise<number> }>(PATCH, muxer, 'ping')
      ?.ping()
      .catch(() => undefined);
}
