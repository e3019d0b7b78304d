// The law of the house: which room may know which, and what must stay out. The table of rooms in
// DESIGN.md is written from it (`npm run law`). A room's face stands in faces.ts.
import { FACES } from './faces.ts';
import type { Law } from './rules.ts';

export const LAW: Law = {
  // biome-ignore format: read as a table
  rooms: {
    cli: {
      holds: 'entry, command table, one file per command: options in, a call, lines out',
      imports: [
        'root', 'hub', 'server', 'client', 'api', 'peer', 'swarm', 'attack', 'lab', 'simulate', 'balance', 'edge',
        'hybrid', 'daemon', 'content',
        'disk', 'link', 'telemetry',
      ],
      reason: 'a command turns options into a call and holds no logic',
    },
    runtime: {
      holds: 'ports and arithmetic: clock, seeded rng, units, errors, invariant; `#platform`, which `runtime/node/` and `runtime/web/` implement',
      imports: [],
      reason: 'everything stands on runtime, so it stands on nothing',
    },
    telemetry: {
      holds: 'the one flat event schema, NDJSON, usage sampler',
      imports: [],
      reason: 'one event stream must not depend on what reports to it',
    },
    content: {
      holds: 'what a file is: geometry, CID, DAG, manifest, bitfield, the port of a verified piece store',
      imports: [],
      reason: 'what a file is does not depend on how it travels',
    },
    car: {
      holds: 'CARs for foreign clients: the walk along a path and below it, and the frames',
      imports: ['content'],
      reason: 'what a DAG needs to be checked does not depend on how it travels',
    },
    disk: {
      holds: 'content on a disk: the file store, what is shared (`import/`), where a download lies (`place/`), calls of the `file-system/`',
      imports: ['content'],
      reason: 'how a file lies on a disk does not depend on how it travels',
    },
    link: {
      holds: 'the access link of a node: virtual-time pacing and byte counters',
      imports: ['telemetry'],
      reason: 'the same link class must serve both architectures',
    },
    exchange: {
      holds: 'the piece-exchange protocol and its policies, sans-IO',
      imports: ['content'],
      reason: 'the protocol is sans-IO, so that swarms can be simulated and replayed',
    },
    theory: {
      holds: 'bounds, service, reach, coupons, cost of pieces, churn, break-even: what stands beside figures',
      imports: [],
      reason: 'theory is arithmetic on what it is given',
    },
    simulate: {
      holds: 'swarms of sessions on a virtual clock',
      imports: ['exchange', 'content', 'theory'],
      reason: 'a simulated swarm is the sessions themselves on a virtual clock: nothing of the shell',
    },
    root: {
      holds: 'the port of what a hub hands out, and its first implementation, a directory (`disk/`)',
      imports: ['content', 'disk'],
      reason: 'files may lie on a disk or elsewhere, and what hands them out does not know',
    },
    hub: {
      holds: 'what a hub decides, without HTTP: who may do what (`access/`), which CID a file has (`catalogue/`), unfinished uploads and the quota (`uploads/`), which events are told (`feed/`), what may answer before the root (`intermediary/`)',
      imports: ['api', 'root', 'content', 'link', 'telemetry'],
      reason: 'several faces share what a hub decides, so it does not know how it was asked',
    },
    api: {
      holds: 'what travels as JSON over HTTP, as schemas: listings, the events of a hub, refusals',
      imports: ['content'],
      reason: 'hub, client and page read the same schemas, so those know none of them',
    },
    server: {
      holds: 'the HTTP face of the hub: routes, answers, uploads, events, operations',
      imports: ['api', 'hub', 'root', 'car', 'content', 'disk', 'link', 'telemetry'],
      reason: 'the hub knows no swarm',
    },
    client: {
      holds: 'mirrors, ranged fetches, resume, uploads, watch',
      imports: ['api', 'content', 'disk', 'link', 'telemetry'],
      reason: 'a client knows no swarm',
    },
    balance: {
      holds: 'configurations of nginx and HAProxy',
      imports: [],
      reason: 'what stands in front of hubs is told of them by addresses, and knows no hub',
    },
    edge: {
      holds: 'a cache in front of another hub',
      imports: ['api', 'hub', 'root', 'client', 'content', 'disk', 'link', 'telemetry'],
      reason: 'an edge is what answers before a root and a client of its hub; how its answers travel it does not know',
    },
    swarm: {
      holds: 'the pump between a session and its wires, upload queue, contacts, calls, download, parting',
      imports: ['exchange', 'content', 'link', 'telemetry'],
      reason: 'a second kind of wire must not need a second pump',
    },
    peer: {
      holds: 'libp2p, the DHT and manifests round swarm/',
      imports: ['swarm', 'exchange', 'content', 'disk', 'link', 'telemetry'],
      reason: 'a peer is what libp2p and a disk are to a swarm',
    },
    hybrid: {
      holds: 'a hub that is also a peer, and what finds one: one link, one catalogue, HTTP and the swarm as sources of one file; links and phrases to pass on, and what shares and fetches by them',
      imports: ['api', 'hub', 'root', 'client', 'content', 'disk', 'exchange', 'link', 'peer', 'swarm', 'telemetry'],
      reason: 'what joins hub, client and peer is composed here, by their faces: the HTTP face of the hub is none of it',
    },
    daemon: {
      holds: 'a peer that goes on for days: the list of what it shares, the socket by which other terminals command it, its status and limits',
      imports: ['hybrid', 'content', 'disk', 'link', 'peer', 'telemetry'],
      reason: 'a daemon is a peer and the links to it, kept over restarts; neither knows that it is kept',
    },
    attack: {
      holds: 'hostile peers as real processes, for experiments',
      imports: ['peer', 'swarm', 'exchange', 'content', 'link', 'telemetry'],
      reason: 'a hostile peer is a shell round exchange/ as well, and peer/ must not know of it',
    },
    library: {
      holds: 'what other programs import (`hubswarm/client` and so on), one file for each entry',
      imports: ['content', 'disk', 'exchange', 'swarm', 'client', 'peer', 'link', 'telemetry'],
      reason: 'an entry joins rooms and names types of its own: what decides stands in the rooms',
    },
    lab: {
      holds: 'scenarios as data (`catalogue/`), their order (`schedule/`), processes and faults (`run/`, `network/`), `analysis/`, `report/`, what lies on disk (`results/`), `simulated/`',
      imports: ['telemetry', 'theory', 'content'],
      reason: 'the lab measures the binary, never the library',
    },
  },

  everyone: ['runtime'],

  faces: FACES,

  reaches: [
    {
      test: /^test\/contract\//,
      file: /./,
      reason: 'a contract is kept by files of several rooms',
    },
    {
      test: /^test\/server\/message\/mirror-links\./,
      file: /^client\/http\/link-header\./,
      reason: 'the client must read what the hub writes',
    },
    {
      test: /^test\/hub\/uploads\/piece-writer\./,
      file: /^root\/disk\/write-chunks\./,
      reason: 'the port of an unfinished file is tested on a disk',
    },
    {
      test: /^test\/hybrid\//,
      file: /^peer\/calls\/files-protocol\./,
      reason: 'what a hub tells nobody is asked for as a stranger asks',
    },
    {
      test: /^test\/swarm\/virtual-clock\./,
      file: /^simulate\/agenda\./,
      reason: 'a second agenda would be a second way of doing one thing',
    },
  ],

  // Files of the house by their path (`src/link/link.ts`), all else by its name.
  bans: [
    {
      where: /^exchange\//,
      what: /^(?!src\/)/,
      reason: 'exchange/ imports no node: module and no package: time and bytes come in as events',
    },
    {
      where: /^theory\//,
      what: /^(?!src\/)/,
      reason: 'theory/ is arithmetic: what it says must not depend on a machine or a package',
    },
    {
      where: /^swarm\//,
      what: /^(?!src\/|multiformats\/)/,
      reason: 'swarm/ runs wherever its wires do: time, bytes and files come in by ports',
    },
    {
      where: /^(?!peer\/|attack\/)/,
      what: /libp2p|multiaddr/,
      reason: 'only peer/, and attack/ with it, knows libp2p',
    },
    {
      where: /^(?!server\/)/,
      what: /^express/,
      reason: 'only server/ knows express',
    },
    {
      where: /^(exchange|peer|simulate|swarm|theory)\//,
      what: /^node:timers/,
      reason: 'time comes in by runtime/clock.ts, so that a test can bring its own',
    },
    {
      where: /^hub\//,
      what: /^node:(https?|tls)$|^ws$/,
      reason: 'hub/ knows no HTTP: a second face must not need a second hub',
    },
    {
      where:
        /^(content|exchange|link|simulate|theory)\/|^(runtime|telemetry)\/[^/]+$|^library\/(?!client|peer|failures)/,
      what: /^node:/,
      reason: 'it loads in a browser: what Node.js does its own way comes by #platform',
    },
    ...[/^lab\/report\//, /^lab\/analysis\//, /^lab\/schedule\/(schedule|settled)\.ts/].map(
      (where) => ({
        where,
        what: /^node:/,
        reason: 'the analysis is pure, so that a report can be drawn again from raw data',
      }),
    ),
    {
      where: /^lab\/(?!run\/|network\/|simulated\/)/,
      what: /^node:child_process$/,
      reason: 'only what stands for hosts starts processes, so that they can be other hosts',
    },
    {
      where: /^lab\//,
      what: /^src\/content\/(?!(manifest|cid|geometry|piece-length)\.ts)/,
      reason: 'the lab sees of a file only what names and measures it',
    },
  ],

  forbiddenNames: [
    {
      where: /^(exchange|simulate|swarm|theory)\//,
      names: ['Date', 'performance', 'setTimeout', 'setInterval', 'Math.random', 'process'],
      reason: 'clocks, timers and chance come in from outside, so that a run can be played again',
    },
    {
      // Two files write and read times that lie on disk, one a time on the wire.
      where: /^peer\/(?!manifest\/kept-manifests\.ts|discovery\/run-file\.ts|circuit\/expiry\.ts)/,
      names: ['Date', 'performance', 'setTimeout', 'setInterval'],
      reason: 'time comes in by runtime/clock.ts, so that a test can bring its own',
    },
  ],

  tested: [
    {
      where: /^swarm\//,
      reason: 'wires and clock are ports, so that each file can be tested by itself',
    },
  ],

  exceptions: [],
};
