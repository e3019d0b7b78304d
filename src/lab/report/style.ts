// The report's style sheet. Blue and orange of Okabe & Ito's palette, which people
// with every common colour blindness tell apart; lighter shades of both on dark.
export const STYLE = `
:root { color-scheme: light dark;
  --paper: #fff; --ink: #1b1d22; --soft: #5b6270; --line: #d9dce3; --panel: #f5f6f9;
  --server: #0072b2; --swarm: #c85200; --bound: #6a7080; --kill: #b3123f;
  --valid: #1a7f4b; --unknown: #8a6100; --invalid: #b3123f; }
@media (prefers-color-scheme: dark) { :root {
  --paper: #14161a; --ink: #e8eaef; --soft: #a2a9b8; --line: #343945; --panel: #1d2026;
  --server: #56b4e9; --swarm: #f0a03c; --bound: #9aa2b3; --kill: #ff7d9c;
  --valid: #5ad199; --unknown: #f0c04c; --invalid: #ff7d9c; } }
* { box-sizing: border-box; }
body { margin: 0 auto; max-width: 1240px; padding: 28px 24px 64px; background: var(--paper); color: var(--ink);
  font: 17px/1.5 system-ui, -apple-system, 'Segoe UI', Roboto, 'Helvetica Neue', sans-serif; }
h1 { font-size: 1.75rem; line-height: 1.2; margin: 0 0 .2em; }
h2 { font-size: 1.2rem; margin: 2.2em 0 .6em; border-bottom: 1px solid var(--line); padding-bottom: .25em; }
p { margin: .4em 0; max-width: 78ch; }
.meta, figcaption, .note { color: var(--soft); font-size: .88rem; }
.verdict { display: flex; gap: .9em; align-items: baseline; flex-wrap: wrap; margin: 1.1em 0;
  padding: .6em 1em; border: 2px solid; border-left-width: 10px; border-radius: 6px; }
.verdict b { font-size: 1.15rem; letter-spacing: .04em; }
.verdict span { color: var(--ink); }
.valid { color: var(--valid); } .unknown { color: var(--unknown); } .invalid { color: var(--invalid); }
.holds { color: var(--valid); } .fails { color: var(--invalid); }
.lead { font-size: 1.18rem; }
.lead strong { font-variant-numeric: tabular-nums; }
.figures { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 480px), 1fr)); gap: 28px 32px; }
figure { margin: 0; break-inside: avoid; }
figure h3 { font-size: 1.02rem; margin: 0 0 .4em; }
figcaption { margin-top: .4em; max-width: 70ch; }
figure svg { --plot-background: var(--paper); width: 100%; height: auto; color: var(--ink); }
.scroll { overflow-x: auto; }
table { border-collapse: collapse; font-size: .9rem; font-variant-numeric: tabular-nums; width: 100%; }
th, td { text-align: right; padding: .34em .7em; border-bottom: 1px solid var(--line); white-space: nowrap; vertical-align: top; }
th:first-child, td:first-child, .text { text-align: left; white-space: normal; }
th { font-weight: 600; color: var(--soft); white-space: normal; }
.server { color: var(--server); font-weight: 600; } .swarm { color: var(--swarm); font-weight: 600; }
.server::before { content: '\\25A0\\00A0'; } .swarm::before { content: '\\25CF\\00A0'; }
ul { padding-left: 1.2em; max-width: 86ch; } li { margin: .2em 0; }
pre { background: var(--panel); padding: .7em 1em; border-radius: 6px; overflow-x: auto; font-size: .9rem; }
details summary { cursor: pointer; color: var(--soft); }
@media print { :root { color-scheme: light;
    --paper: #fff; --ink: #000; --soft: #444; --line: #bbb; --panel: #f5f6f9;
    --server: #0072b2; --swarm: #c85200; --bound: #555; --kill: #b3123f;
    --valid: #1a7f4b; --unknown: #8a6100; --invalid: #b3123f; }
  body { font-size: 11pt; padding: 0; max-width: none; } .figures { grid-template-columns: 1fr 1fr; gap: 12px; }
  h2 { break-after: avoid; } tr { break-inside: avoid; } }
`;
