// A result of an earlier schema as one of today's, so that its report can be drawn
// again. Schema 1 knew one kind of link, that of the programs themselves.
import { z } from 'zod';

const schema1 = z.looseObject({
  schema: z.literal(1),
  parameters: z.looseObject({}),
  runs: z.array(z.looseObject({})),
});

/** Anything else comes back as it is. */
export function upgrade(value: unknown): unknown {
  const old = schema1.safeParse(value);
  if (!old.success) return value;
  const { parameters, runs } = old.data;
  return {
    ...old.data,
    schema: 2,
    parameters: { ...parameters, link: 'pacer' },
    agreements: [],
    runs: runs.map((run) => ({ ...run, link: 'pacer' })),
  };
}
