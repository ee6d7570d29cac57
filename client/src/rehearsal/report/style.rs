//! The style sheet of a rehearsal's report. Plots are drawn in fixed colours, which are given their light and dark values
//! here, by the very attributes that `plots` writes.

/// All of it.
pub(super) const STYLE: &str = "\
:root{color-scheme:light dark;--ink:#1f1e1c;--paper:#fdfcf9;--quiet:#625f59;--line:#e3dfd6;--card:#f5f2eb;\
--a:#0b6b4f;--b:#b3541e;--c:#3b5ba9;--q:#a39e94;--w:#d8b98a;--good:#0b6b4f;--bad:#a3271f}\
@media(prefers-color-scheme:dark){:root{--ink:#e9e6df;--paper:#171816;--quiet:#a8a49b;--line:#34342f;--card:#20211e;\
--a:#5cc9a1;--b:#eda06a;--c:#93b1f2;--q:#77736b;--w:#8a6d3f;--good:#5cc9a1;--bad:#ff8b7e}}\
*{box-sizing:border-box}\
body{margin:0 auto;padding:2rem 1.25rem 4rem;max-width:56rem;background:var(--paper);color:var(--ink);\
font:1rem/1.55 system-ui,-apple-system,'Segoe UI',sans-serif;font-variant-numeric:tabular-nums}\
h1{font-size:1.8rem;line-height:1.2;margin:.2rem 0 .8rem;font-weight:650}\
h2{font-size:1.15rem;margin:0 0 .3rem;font-weight:650}p{margin:.3rem 0}\
section{margin-top:2.8rem;max-width:100%}section>p{max-width:44rem}\
.kind{color:var(--quiet);letter-spacing:.02em;margin:0}\
.verdict{font-size:1.25rem;font-weight:650}.good{color:var(--good)}.bad{color:var(--bad)}\
.sum{font-size:1.25rem;margin-top:0}.quiet,.axis,figcaption,.how{color:var(--quiet);font-size:.9rem}\
code{font-size:.85em;overflow-wrap:anywhere}\
.tiles{display:grid;grid-template-columns:repeat(4,1fr);gap:.75rem;margin-top:1.8rem}\
.tiles div{background:var(--card);border-radius:.5rem;padding:.8rem 1rem}\
.tiles b{display:block;font-size:1.5rem;line-height:1.3;font-weight:600}.tiles span{color:var(--quiet);font-size:.9rem}\
figure{margin:1.2rem 0 0}figure svg{display:block;width:100%;height:auto}\
svg.narrow{display:none!important}svg text{font-family:inherit}.axis{margin:0;text-align:center}\
[fill='#8A867E']{fill:var(--q)}[stroke='#8A867E']{stroke:var(--q)}\
[fill='#0B6B4F']{fill:var(--a)}[stroke='#0B6B4F']{stroke:var(--a)}\
[fill='#B3541E']{fill:var(--b)}[stroke='#B3541E']{stroke:var(--b)}\
[fill='#3B5BA9']{fill:var(--c)}[stroke='#3B5BA9']{stroke:var(--c)}\
[fill='#D9D5CC']{fill:var(--line)}[stroke='#D9D5CC']{stroke:var(--line)}[fill='#5D5A55']{fill:var(--quiet)}\
polyline{stroke-linejoin:round}\
.key{display:flex;flex-wrap:wrap;gap:.2rem 1.2rem;font-size:.9rem;color:var(--quiet)}\
.key i{display:inline-block;width:.75rem;height:.75rem;border-radius:.2rem;margin-right:.45rem;vertical-align:-.05rem}\
i.a{background:var(--a)}i.b{background:var(--b)}i.c{background:var(--c)}i.q{background:var(--q)}i.w{background:var(--w)}\
.scroll{overflow-x:auto}table{border-collapse:collapse;width:100%;margin-top:.8rem}table.levels{max-width:30rem}\
th,td{padding:.35rem .6rem .35rem 0;border-bottom:1px solid var(--line);text-align:left;font-weight:400;vertical-align:top}\
thead th{color:var(--quiet);font-size:.9rem}td.n,th.n{text-align:right;padding:.35rem 0 .35rem .6rem;white-space:nowrap}\
tr.total th,tr.total td{font-weight:650;border-bottom:0}em{color:var(--bad);font-style:normal}\
.bars{list-style:none;margin:.6rem 0;padding:0}\
.bars li{display:grid;grid-template-columns:minmax(7rem,12rem) 1fr 6rem;gap:.8rem;align-items:center;padding:.15rem 0}\
.bars .name{overflow:hidden;text-overflow:ellipsis;white-space:nowrap}.bars .bar{display:flex;height:.8rem}\
.bars .bar i{background:var(--a);min-width:0}.bars .bar i:first-child{border-radius:.2rem 0 0 .2rem}\
.bars .bar i:last-child{border-radius:0 .2rem .2rem 0}.bars .bar i.wait{background:var(--w)}\
.bars .n{text-align:right;white-space:nowrap}small{color:var(--quiet)}\
ul{padding-left:1.1rem;margin:.4rem 0;max-width:46rem}li{margin:.25rem 0}.wrong b{color:var(--bad)}\
@media(max-width:37rem){body{padding:1.2rem 1rem 3rem}svg.wide{display:none!important}svg.narrow{display:block!important}\
.tiles{grid-template-columns:1fr 1fr;gap:.5rem}.tiles div{padding:.6rem .8rem}.tiles b{font-size:1.2rem}\
.bars li{grid-template-columns:minmax(5rem,7.5rem) 1fr 4.8rem;gap:.5rem;font-size:.9rem}\
th,td{padding-right:.4rem}td.n,th.n{padding-left:.4rem}table{font-size:.9rem}}";
