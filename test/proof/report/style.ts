/** The style of the report: dark text on white, readable on a phone and on paper. */
export const style = `
:root { color-scheme: light; }
* { box-sizing: border-box; }
body { margin: 0; font: 16px/1.5 system-ui, sans-serif; color: #16191d; background: #fff; }
main { max-width: 62rem; margin: 0 auto; padding: 2rem 1rem 4rem; }
h1 { font-size: 1.7rem; margin: 0 0 1rem; }
h2 { font-size: 1.2rem; margin: 2.5rem 0 .5rem; }
.verdict { font-size: 1.15rem; font-weight: 600; padding: .7rem 1rem; border-radius: .5rem; }
.verdict.passed { background: #dff3e4; color: #0b4a1e; }
.verdict.failed { background: #fde3e0; color: #7a1409; }
dl { display: grid; grid-template-columns: repeat(auto-fill, minmax(13rem, 1fr)); gap: .5rem 1.5rem; margin: 1rem 0; }
dl div { min-width: 0; }
dt { font-size: .8rem; color: #4a5261; }
dd { margin: 0; overflow-wrap: anywhere; font-variant-numeric: tabular-nums; }
table { border-collapse: collapse; width: 100%; font-size: .9rem; }
th, td { text-align: left; vertical-align: top; padding: .4rem .6rem; border-bottom: 1px solid #dfe3e8; }
thead th { color: #4a5261; font-weight: 600; }
.number { text-align: right; font-variant-numeric: tabular-nums; white-space: nowrap; }
.badge { padding: .1rem .5rem; border-radius: 1rem; font-size: .8rem; font-weight: 600; white-space: nowrap; }
.badge.passed { background: #dff3e4; color: #0b4a1e; }
.badge.failed { background: #fde3e0; color: #7a1409; }
.wide { overflow-x: auto; }
.matrix { font-size: .75rem; }
.matrix th, .matrix td { text-align: center; border: 1px solid #dfe3e8; padding: .3rem .25rem; }
.matrix tbody th { text-align: right; }
.legal { background: #e8f5ec; }
.illegal { color: #5f6774; }
.wrong { background: #fde3e0; color: #7a1409; }
figure { margin: 1rem 0; }
figure svg { width: 100%; height: auto; }
td ul { padding-left: 1rem; margin: 0; font-size: .8rem; }
.test { overflow-wrap: anywhere; color: #4a5261; }
small { color: #4a5261; }
pre { background: #f4f6f9; padding: .8rem; border-radius: .4rem; white-space: pre-wrap; overflow-wrap: anywhere; font-size: .85rem; }
a { color: #0b4f9e; }
@media (max-width: 40rem) { table:not(.matrix) { display: block; overflow-x: auto; } }
@media print {
  body { font-size: 11pt; }
  main { max-width: none; padding: 0; }
  section { break-inside: auto; }
  tr, figure { break-inside: avoid; }
}
`
