// The report's style sheet. Blues for servers, oranges for swarms, purples for hubs that are peers,
// greens for rivals, after Okabe & Ito's palette, which people with every common colour blindness tell apart; lighter shades of
// both on dark. Paper is always light. No figure shrinks below the width at which its
// text is legible: on a phone it scrolls in its own box, as wide tables do.

const LIGHT = `
  --paper: #fff; --ink: #1b1d22; --soft: #5b6270; --line: #d9dce3; --panel: #f5f6f9;
  --server-1: #0072b2; --server-2: #5a6ad4; --server-3: #00426e; --server-4: #008390;
  --swarm-1: #c85200; --swarm-2: #946200; --swarm-3: #7a2e00; --swarm-4: #d97a1f;
  --hybrid-1: #a0249a; --hybrid-2: #6d3fb0; --hybrid-3: #5c1040; --hybrid-4: #b34b78;
  --rival-1: #00785a; --rival-2: #5f7a00; --rival-3: #004d3a; --rival-4: #55605a;
  --bound: #6a7080; --fault: #b3123f;
  --valid: #1a7f4b; --unknown: #8a6100; --invalid: #b3123f;`;

const DARK = `
  --paper: #14161a; --ink: #e8eaef; --soft: #a2a9b8; --line: #343945; --panel: #1d2026;
  --server-1: #56b4e9; --server-2: #9aa7ff; --server-3: #c4e6fb; --server-4: #3fc1c9;
  --swarm-1: #f0a03c; --swarm-2: #d8c14a; --swarm-3: #ffd3a8; --swarm-4: #e0763a;
  --hybrid-1: #e88be6; --hybrid-2: #bfa0ff; --hybrid-3: #f7cdec; --hybrid-4: #d9679f;
  --rival-1: #4fd0a8; --rival-2: #b6d04c; --rival-3: #b5efdc; --rival-4: #b9c4be;
  --bound: #9aa2b3; --fault: #ff7d9c;
  --valid: #5ad199; --unknown: #f0c04c; --invalid: #ff7d9c;`;

export const STYLE = `
:root { color-scheme: light dark;${LIGHT} }
@media (prefers-color-scheme: dark) { :root {${DARK} } }
* { box-sizing: border-box; }
body { margin: 0 auto; max-width: 1280px; padding: 28px 24px 64px; background: var(--paper); color: var(--ink);
  font: 17px/1.5 system-ui, -apple-system, 'Segoe UI', Roboto, 'Helvetica Neue', sans-serif; }
h1 { font-size: 1.75rem; line-height: 1.2; margin: 0 0 .2em; overflow-wrap: anywhere; }
h2 { font-size: 1.3rem; margin: 2.4em 0 .5em; border-bottom: 1px solid var(--line); padding-bottom: .25em; }
h3 { font-size: 1.02rem; margin: 1.6em 0 .4em; }
p { margin: .4em 0; max-width: 78ch; }
a { color: inherit; text-decoration-color: var(--soft); text-underline-offset: .2em; }
.meta { max-width: none; }
.meta, figcaption, .note { color: var(--soft); font-size: .88rem; }
.verdict { display: flex; gap: .9em; align-items: baseline; flex-wrap: wrap; margin: 1.1em 0;
  padding: .6em 1em; border: 2px solid; border-left-width: 10px; border-radius: 6px; }
.verdict > b { font-size: 1.15rem; letter-spacing: .04em; }
.verdict span, .verdict ul { color: var(--ink); }
.verdict ul { flex-basis: 100%; max-width: none; margin: 0; }
.valid { color: var(--valid); } .unknown { color: var(--unknown); } .invalid { color: var(--invalid); }
.holds { color: var(--valid); } .fails { color: var(--invalid); }
.lead { font-size: 1.18rem; }
.question { font-size: 1.06rem; color: var(--soft); }
nav ol { columns: 20em 2; column-gap: 2em; padding-left: 0; list-style: none; margin: .6em 0; }
nav li { break-inside: avoid; }
.figures { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 480px), 1fr)); gap: 28px 32px; margin: 1em 0; }
figure { margin: 0; min-width: 0; break-inside: avoid; }
figure h3 { margin-top: 0; }
figcaption { margin-top: .4em; max-width: 70ch; }
.chart, .scroll { overflow-x: auto; }
/* The letters of a figure's last line reach a little below it. */
.chart { padding-bottom: 4px; }
.chart svg { --plot-background: var(--paper); width: 100%; min-width: 460px; max-width: 760px; height: auto; color: var(--ink); display: block; }
.legend { display: flex; flex-wrap: wrap; gap: .1em 1.2em; margin: 0 0 .4em; font-size: .86rem; }
.legend span { white-space: nowrap; }
.key { width: 34px; height: 14px; vertical-align: -2px; font-size: 13px; fill: none; }
.arm { font-weight: 600; } td .arm { white-space: nowrap; }
table { border-collapse: collapse; font-size: .86rem; font-variant-numeric: tabular-nums; width: 100%; }
th, td { text-align: right; padding: .32em .6em; border-bottom: 1px solid var(--line); white-space: nowrap; vertical-align: top; }
th:first-child, td:first-child { text-align: left; white-space: normal; }
.texts-3 :is(th, td):nth-child(-n+3) { text-align: left; }
table.texts-3 { font-size: .8rem; } .texts-3 td .arm { white-space: normal; }
.why { display: inline-block; min-width: 9em; max-width: 30em; white-space: normal; }
th { font-weight: 600; color: var(--soft); white-space: normal; vertical-align: bottom; }
.short { text-decoration: underline dotted var(--soft); text-underline-offset: .25em; cursor: help; }
ul { padding-left: 1.2em; max-width: 86ch; } li { margin: .2em 0; overflow-wrap: anywhere; }
pre { background: var(--panel); padding: .7em 1em; border-radius: 6px; overflow-x: auto; font-size: .9rem; }
summary { cursor: pointer; color: var(--soft); }
@media (max-width: 600px) { body { padding: 16px 14px 40px; font-size: 16px; } th, td { padding: .3em .5em; } }
@media print { :root { color-scheme: light;${LIGHT} --ink: #000; --soft: #444; --line: #bbb; }
  html { font-size: 10pt; } body { font-size: 1rem; padding: 0; max-width: none; }
  .figures { grid-template-columns: 1fr 1fr; gap: 12px; } .chart svg { min-width: 0; }
  .chart, .scroll { overflow: visible; }
  table { font-size: .75rem; } th, td { padding: .2em .3em; white-space: normal; }
  table.texts-3 { font-size: .68rem; } .why { min-width: 0; }
  h2, h3, summary { break-after: avoid; } tr, figure { break-inside: avoid; }
  details::details-content { content-visibility: visible; display: block; } }
`;
