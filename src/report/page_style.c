/* The style of every page. Colours are variables, so that light, dark and print differ in one
 * place; the palette keeps its order under the common kinds of colour blindness (Okabe and Ito). */
#include "report/page.h"

#include <stddef.h>

/* clang-format off: a line here is a line of the page */
const char *const mos_page_style[] = {
    ":root{color-scheme:light "
    "dark;--ink:#1b1f23;--soft:#57606a;--paper:#fff;--card:#f6f7f9;--rule:#d5dae0;\n",
    "--accent:#0b6e4f;--warn:#9a3412;--heat:#b3400f;--ground:#eceff2;--edge:rgba(0,0,0,.35);--case:"
    "rgba(0,0,0,.75);\n",
    "--c0:#0072b2;--c1:#d55e00;--c2:#009e73;--c3:#cc79a7;--c4:#e69f00;--c5:#56b4e9;--c6:#6b4fa1;--"
    "c7:#57606a;--chance:#8b1a10;--faint:#a9b2bc;--bar:120px}\n",
    "@media(prefers-color-scheme:dark){:root{--ink:#e6e9ec;--soft:#a3adb8;--paper:#14181c;--card:#"
    "1d2329;\n",
    "--rule:#38414b;--accent:#4cc38a;--warn:#fdba74;--heat:#ff9a5c;--ground:#1a1f24;--edge:rgba("
    "255,255,255,.4);\n",
    "--c0:#4ba3e3;--c1:#f58a42;--c2:#2fc69a;--c3:#e39cc4;--c4:#f2b632;--c5:#8ccff2;--c6:#a892dc;--"
    "c7:#a3adb8;--chance:#ff8d7e;--faint:#5d6873;--case:rgba(255,255,255,.5)}}\n",
    "*{box-sizing:border-box}\n",
    "html{scroll-padding-top:84px}\n",
    "body{margin:0;background:var(--paper);color:var(--ink);font:15px/1.5 system-ui,sans-serif}\n",
    "main{max-width:1060px;margin:0 auto;padding:24px 20px 64px}\n",
    "h1{font-size:26px;margin:8px 0 2px;overflow-wrap:anywhere}\n",
    "h2,h3{overflow-wrap:anywhere}\n",
    "h2{font-size:20px;margin:44px 0 12px;border-bottom:1px solid "
    "var(--rule);padding-bottom:4px}\n",
    "h3{font-size:15px;margin:22px 0 6px}\n",
    "p{margin:6px 0}\n",
    ".soft{color:var(--soft)}\n",
    "a{color:var(--accent)}\n",
    "nav{position:sticky;top:0;z-index:2;background:var(--paper);border-bottom:1px solid "
    "var(--rule);\n",
    "padding:6px 0;margin-top:12px;display:flex;flex-wrap:wrap;gap:2px 14px}\n",
    "nav a{text-decoration:none;white-space:nowrap}\n",
    "nav a:hover,nav a:focus{text-decoration:underline}\n",
    ":focus-visible{outline:2px solid var(--accent);outline-offset:2px}\n",
    ".tiles{display:flex;flex-wrap:wrap;gap:12px;margin:16px 0}\n",
    ".tile{background:var(--card);border:1px solid var(--rule);border-radius:8px;padding:10px "
    "16px;min-width:140px}\n",
    ".tile b{display:block;font-size:26px;font-variant-numeric:tabular-nums;line-height:1.25}\n",
    ".tile span{color:var(--soft);font-size:13px}\n",
    ".tile "
    "small{display:block;color:var(--soft);font-size:12px;font-variant-numeric:tabular-nums}\n",
    ".class{white-space:nowrap}\n",
    ".note{border-left:4px solid var(--warn);background:var(--card);padding:8px 14px;margin:10px "
    "0;overflow-wrap:anywhere}\n",
    ".good{border-color:var(--accent)}\n",
    ".bad{color:var(--warn);font-weight:600}\n",
    "table{border-collapse:collapse;width:100%;font-variant-numeric:tabular-nums}\n",
    "th,td{text-align:left;padding:5px 12px 5px 0;border-bottom:1px solid "
    "var(--rule);vertical-align:middle}\n",
    "th{font-weight:600;color:var(--soft);font-size:13px}\n",
    "th[scope=row]{font-weight:400;color:var(--ink);font-size:inherit}\n",
    "td.n,th.n{text-align:right}\n",
    "td.n{white-space:nowrap}\n",
    ".facts,.fit{width:auto}\n",
    ".fit th,.fit td{padding-right:22px}\n",
    ".facts td{overflow-wrap:anywhere}\n",
    ".facts th{white-space:nowrap;color:var(--soft);padding-right:24px}\n",
    ".scroll{overflow-x:auto;max-width:100%;position:relative}\n",
    ".charts{display:grid;grid-template-columns:repeat(auto-fit,minmax(min(100%,420px),1fr));gap:"
    "18px;margin-top:12px}\n",
    ".small{grid-template-columns:repeat(auto-fit,minmax(min(100%,300px),1fr));align-items:start}"
    "\n",
    "figure{margin:0;background:var(--card);border:1px solid "
    "var(--rule);border-radius:8px;padding:10px 12px;position:relative;min-width:0}\n",
    "figure.wide{margin-top:18px}\n",
    "figcaption{font-weight:600;font-size:14px;padding-right:28px}\n",
    "figure svg{width:100%;height:auto;display:block;overflow:visible}\n",
    ".scroll>svg{margin-top:6px}\n",
    "figure .bar{display:inline-block}\n",
    ".grid{stroke:var(--rule);stroke-width:1}\n",
    ".tick{fill:var(--soft);font-size:11px}\n",
    ".line{fill:none;stroke-width:2;stroke-linejoin:round}\n",
    ".s0{stroke:var(--c0)}.k0{background:var(--c0)}.dot.s0{fill:var(--c0);stroke:none}.s1{stroke:"
    "var(--c1)}.k1{background:var(--c1)}.dot.s1{fill:var(--c1);stroke:none}.s2{stroke:var(--c2)}."
    "k2{background:var(--c2)}.dot.s2{fill:var(--c2);stroke:none}.s3{stroke:var(--c3)}.k3{"
    "background:var(--c3)}.dot.s3{fill:var(--c3);stroke:none}\n",
    ".s4{stroke:var(--c4)}.k4{background:var(--c4)}.dot.s4{fill:var(--c4);stroke:none}.s5{stroke:"
    "var(--c5)}.k5{background:var(--c5)}.dot.s5{fill:var(--c5);stroke:none}.s6{stroke:var(--c6)}."
    "k6{background:var(--c6)}.dot.s6{fill:var(--c6);stroke:none}.s7{stroke:var(--c7)}.k7{"
    "background:var(--c7)}.dot.s7{fill:var(--c7);stroke:none}\n",
    ".thin{stroke-width:1.4}\n",
    ".whisker{fill:none;stroke-width:1.4;opacity:.7}\n",
    ".reach{stroke:var(--soft)}.zero{fill:var(--soft)}\n",
    ".case{fill:none;stroke:var(--case);stroke-width:3.4;stroke-linejoin:round}\n",
    ".level{fill:none;stroke:var(--chance);stroke-width:1.2;stroke-dasharray:4 3}\n",
    ".all{fill:none;stroke:var(--faint);stroke-width:1.4}\n",
    ".off{opacity:.15}\n",
    ".chart path.line.on{stroke:var(--c1)!important;stroke-width:2.6}\n",
    ".multiples{display:grid;grid-template-columns:repeat(auto-fill,minmax(150px,1fr));gap:10px;"
    "margin-top:8px}\n",
    ".panel{padding:6px 8px}\n",
    ".panel figcaption{font-size:12px;line-height:1.25;padding:0;min-height:2.5em}\n",
    ".panel p{font-size:12px;margin:0}\n",
    ".axis{display:flex;justify-content:space-between;gap:4px;width:var(--bar);font-weight:400;"
    "font-size:"
    "11px;line-height:1.2}\n",
    ".about{display:flex;flex-wrap:wrap;gap:4px 26px;margin:8px 0 12px}\n",
    ".about dt,.terms dt{display:inline;color:var(--soft);margin-right:6px}\n",
    ".about dd,.terms dd{display:inline;margin:0;overflow-wrap:anywhere}\n",
    ".terms{font-size:13px;margin:10px 0 0;columns:2 340px;column-gap:28px;color:var(--soft)}\n",
    ".terms div{break-inside:avoid;padding-left:10px;text-indent:-10px}\n",
    ".terms dt{color:var(--ink);font-weight:600}\n",
    ".warnings{padding-left:32px}\n",
    ".warnings li{margin:2px 0}\n",
    ".csv{font-weight:400;font-size:12px;margin-left:6px;white-space:nowrap}\n",
    ".scale{display:flex;align-items:center;flex-wrap:wrap;gap:4px 8px;font-size:12px}\n",
    ".scale svg{width:144px;height:12px;flex:none}\n",
    ".chance{fill:var(--chance)}.chance,.mark,.span{stroke:var(--paper);stroke-width:1.6;paint-"
    "order:stroke;vector-effect:non-scaling-stroke}\n",
    ".line.dashed{stroke-dasharray:5 4}\n",
    ".overview th[colspan]{text-align:center;border-bottom:1px solid var(--soft)}\n",
    ".overview td:nth-child(n+3),.overview tr:nth-child(2) th{padding-left:10px}\n",
    ".filter{display:block;margin:8px 0;font-size:13px;color:var(--soft)}\n",
    ".filter input{font:inherit;color:var(--ink);background:var(--paper);border:1px solid "
    "var(--soft);border-radius:6px;padding:4px 8px;margin-left:6px;max-width:100%}\n",
    ".answers{display:flex;flex-wrap:wrap;gap:10px;margin:14px 0 24px}\n",
    ".answer{width:132px;padding:0;overflow:hidden}.answer img{display:block;width:100%}\n",
    ".answer figcaption{font-weight:400;font-size:12px;line-height:1.35;padding:6px 8px}\n",
    ".answer span{display:block;color:var(--soft);white-space:nowrap;overflow:hidden;text-overflow:"
    "ellipsis;direction:rtl;text-align:left}\n",
    ".answer.query{outline:2px solid var(--accent)}\n",
    ".hint{display:none;font-size:12px;color:var(--soft);margin:2px 0}\n",
    ".more+.hint{display:block}\n",
    ".more{border-right:2px dashed var(--soft)}\n",
    ".map path{stroke-opacity:.85}\n",
    ".map svg{filter:drop-shadow(0 0 .7px var(--case)) drop-shadow(0 0 .7px var(--case))}\n",
    ".legend{font-size:13px;margin:6px 0 0;line-height:1.7}\n",
    ".legend>span{margin-right:12px;display:inline-block;max-width:100%;vertical-align:bottom}\n",
    ".key{display:inline-block;width:12px;height:12px;border-radius:3px;margin:0 6px 0 "
    "0;vertical-align:-1px;box-shadow:inset 0 0 0 1px var(--edge)}\n",
    ".bar{width:var(--bar)!important;height:10px!important;vertical-align:middle;margin-right:8px;"
    "overflow:visible}\n",
    ".back{fill:var(--rule)}\n",
    ".fill{fill:var(--fill,var(--c0));stroke:var(--edge);stroke-width:.5;vector-effect:non-scaling-"
    "stroke}\n",
    ".mark,.span{fill:var(--ink)}\n",
    ".meter{white-space:nowrap}\n",
    ".number{display:inline-block;min-width:3.2em}\n",
    ".heat{fill:var(--heat)}\n",
    ".heat:hover{stroke:var(--ink);stroke-width:1.5}\n",
    ".ground{fill:var(--ground)}\n",
    ".edge{stroke:var(--edge);stroke-width:1}\n",
    ".nb{white-space:nowrap}\n",
    ".patches{display:grid;grid-template-columns:repeat(auto-fill,minmax(min(100%,236px),1fr));gap:"
    "14px;margin-top:8px}\n",
    ".previews{grid-template-columns:repeat(auto-fill,minmax(min(100%,200px),1fr))}\n",
    ".previews .views img{flex:none;width:100%}\n",
    ".pairs{display:grid;grid-template-columns:repeat(auto-fit,minmax(min(100%,490px),1fr));gap:0 "
    "18px}\n",
    ".patch "
    "figcaption{font-weight:400;font-size:11px;color:var(--soft);overflow-wrap:anywhere;padding:0}"
    "\n",
    ".views{display:flex;gap:6px}\n",
    ".views img{flex:1 1 "
    "0;min-width:0;width:0;height:auto;image-rendering:pixelated;border-radius:4px;background:var(-"
    "-ground)}\n",
    ".patch ul{list-style:none;margin:8px 0;padding:0;font-size:13px;line-height:1.45}\n",
    ".patch .key{width:10px;height:10px}\n",
    ".missed b,.wrong b{color:var(--warn)}\n",
    ".hit b{color:var(--accent)}\n",
    ".open{color:var(--soft)}\n",
    "pre{background:var(--card);border:1px solid "
    "var(--rule);border-radius:8px;padding:12px;overflow-x:auto;font-size:13px}\n",
    "details{margin-top:10px}\n",
    "details summary{cursor:pointer;color:var(--accent)}\n",
    ".zoom{position:absolute;top:6px;right:6px;border:0;background:none;color:var(--soft);cursor:"
    "pointer;font-size:17px;line-height:1;padding:4px 6px;border-radius:4px}\n",
    ".zoom:hover{color:var(--ink);background:var(--rule)}\n",
    ".views img.can{cursor:zoom-in}\n",
    "th.can{cursor:pointer}\n",
    "th.can:hover{color:var(--ink)}\n",
    "th[aria-sort=ascending]:after{content:\" \\25b2\";font-size:10px}\n",
    "th[aria-sort=descending]:after{content:\" \\25bc\";font-size:10px}\n",
    ".dim [data-s]:not(.on){opacity:.12}\n",
    "#tip{position:fixed;z-index:9;pointer-events:none;background:var(--ink);color:var(--paper);"
    "font-size:12px;\n",
    "padding:5px "
    "8px;border-radius:5px;max-width:320px;white-space:pre-line;font-variant-numeric:tabular-nums}"
    "\n",
    "dialog{border:1px solid "
    "var(--rule);border-radius:10px;background:var(--paper);color:var(--ink);padding:14px;\n",
    "width:min(96vw,1200px);max-width:96vw;max-height:96vh;overflow:auto}\n",
    "dialog::backdrop{background:rgba(0,0,0,.6)}\n",
    "dialog figure{border:0;background:none;padding:0}\n",
    "dialog svg{max-height:76vh;touch-action:none;overflow:hidden}\n",
    "dialog .views{justify-content:center}\n",
    "dialog .views img{max-width:44vw;flex:1 1 300px}\n",
    "dialog .zoom{position:static;float:right;font-size:22px}\n",
    "@media(min-width:1480px){nav{position:fixed;top:96px;left:calc(50vw - "
    "716px);width:170px;border:0;\n",
    "max-height:calc(100vh - 120px);overflow-y:auto;flex-direction:column;flex-wrap:nowrap}nav "
    "a{padding:1px 0}html{scroll-padding-top:8px}}\n",
    "@media(max-width:480px){main{padding:14px 12px 40px}.tile{flex:1 1 "
    "42%;min-width:0;padding:8px 10px}.tile b{font-size:21px}\n",
    ":root{--bar:96px}.facts "
    "th{white-space:normal}.charts{gap:12px}nav{position:static}html{scroll-padding-top:8px}\n",
    ".chart .tick{font-size:14px}td,th{padding-right:9px}.multiples{grid-template-columns:1fr "
    "1fr}.panel{padding:5px}}\n",
    "@media(prefers-reduced-motion:no-preference){html{scroll-behavior:smooth}}\n",
    "@media "
    "print{:root{color-scheme:light;--ink:#000;--soft:#444;--paper:#fff;--card:#fff;--rule:#bbb;--"
    "accent:#0b6e4f;--warn:#9a3412;\n",
    "--heat:#b3400f;--ground:#f2f2f2;--edge:rgba(0,0,0,.4);--case:rgba(0,0,0,.75);--c0:#0072b2;--"
    "c1:#d55e00;--c2:#009e73;--c3:#cc79a7;--c4:#e69f00;--c5:#56b4e9;\n",
    "--c6:#6b4fa1;--c7:#57606a;--chance:#8b1a10;--faint:#a9b2bc;--bar:64px}\n",
    "*{-webkit-print-color-adjust:exact;print-color-adjust:exact}\n",
    "body{font-size:9.5px;line-height:1.35}main{max-width:none;padding:0}nav,.zoom,#tip,.filter,."
    "hint,details{display:none!important}\n",
    "h1{font-size:18px}h2{font-size:13px;margin:16px 0 "
    "6px;padding-bottom:2px}h3{font-size:10.5px;margin:9px 0 3px}p{margin:3px 0}\n",
    "h2,h3{break-after:avoid}h2+p,h3+p{break-after:avoid;break-inside:avoid}\n",
    "h2,h3{break-inside:avoid}h2::after,h3::after{content:\"\";display:block;height:150px;margin-"
    "bottom:-150px}h3::after{height:100px;margin-bottom:-100px}\n",
    "figure,tr,.tile,.note,.pair,.terms "
    "div{break-inside:avoid}tr:first-child{break-after:avoid}p,li{orphans:3;widows:3}\n",
    ".tile b{font-size:15px}.tile{min-width:96px;padding:5px 9px}.tiles{gap:7px;margin:7px 0}\n",
    ".tile span,.tile small,th,.patch ul,.terms,.legend,figcaption,.scale{font-size:9px}\n",
    ".key,.patch .key{width:8px;height:8px;margin-right:4px;border-radius:2px}\n",
    ".tick{font-size:12px}.legend{line-height:1.35}.patch figcaption,.panel "
    "p{font-size:7.5px}.panel "
    "figcaption{font-size:8px;min-height:2.4em}.axis{font-size:7.5px}.csv{display:none}\n",
    "figure{padding:5px "
    "6px;border-radius:4px}figure.wide{margin-top:8px}.scroll,.more{overflow:visible;border:0}\n",
    ".charts,.multiples,.patches{display:block;orphans:1;widows:1}.charts>figure,.multiples>figure,"
    ".patches>figure,."
    "pair{display:inline-block;vertical-align:top;margin:0 4px 6px 0}\n",
    ".charts>figure{width:32.4%}.multiples>figure{width:13.5%}\n",
    ".patches>figure{width:11.7%}.patch ul{line-height:1.25;margin:3px 0}.patches .patch "
    "ul{font-size:7.5px}.pairs{display:block}.pair{width:32.4%}.pair .patches>figure{width:47%}\n",
    "th,td{padding:1.5px 7px 1.5px "
    "0}.scroll>svg{min-width:0!important;max-width:430px!important}.terms{columns:3;margin-top:5px}"
    "\n",
    ".note{padding:4px 9px;margin:5px 0}.warnings{padding-left:24px}}\n",
    "@media "
    "print{tbody{display:contents}tbody>tr:first-child:has(th[scope=col]){display:table-header-"
    "group}}\n",
    "@page{size:A4;margin:12mm 12mm 15mm;@bottom-center{content:counter(page) \" / \" "
    "counter(pages);font:9px sans-serif;color:#444}}\n",
    NULL};
/* clang-format on */
