/* What scripts add to a page, which is complete without them: values under the pointer, enlarging,
 * zooming, sorting tables, picking out a line by its legend. */
#include "report/page.h"

#include <stddef.h>

/* clang-format off: a line here is a line of the page */
const char *const mos_page_script[] = {
    "\"use strict\";\n",
    "(function(){\n",
    "var "
    "d=document,tip=d.createElement(\"div\");tip.id=\"tip\";tip.hidden=true;tip.setAttribute("
    "\"role\",\"status\");d.body.append(tip);\n",
    "function say(e,text){tip.textContent=text;tip.hidden=false;\n",
    "var w=tip.offsetWidth,h=tip.offsetHeight,x=e.clientX+14,y=e.clientY+14;\n",
    "if(x+w>innerWidth-4)x=Math.max(4,e.clientX-w-14);if(y+h>innerHeight-4)y=Math.max(4,e.clientY-"
    "h-14);\n",
    "tip.style.left=x+\"px\";tip.style.top=y+\"px\"}\n",
    "function hush(){tip.hidden=true}\n",
    "function short(v){return String(+v.toPrecision(4))}\n",
    "function axis(s,n){var a=s.getAttribute(\"data-\"+n).split(\" \").map(Number);\n",
    "return function(p){return a[0]+(p-a[2])/(a[3]-a[2])*(a[1]-a[0])}}\n",
    "function "
    "points(path){if(!path.pts)path.pts=(path.getAttribute(\"d\")||\"\").split(/[ML]/"
    ").filter(Boolean).map(function(t){\n",
    "return t.replace(\"h0\",\"\").split(/[ ,]/).map(Number)});return path.pts}\n",
    "function place(svg,e){return new "
    "DOMPoint(e.clientX,e.clientY).matrixTransform(svg.getScreenCTM().inverse())}\n",
    "function chart(svg){var "
    "X=axis(svg,\"x\"),Y=axis(svg,\"y\"),bar=d.createElementNS(svg.namespaceURI,\"line\");\n",
    "bar.setAttribute(\"class\",\"grid\");bar.style.stroke=\"var(--soft)\";bar.style.display="
    "\"none\";svg.append(bar);\n",
    "svg.querySelectorAll(\"title\").forEach(function(t){t.remove()});\n",
    "svg.addEventListener(\"pointermove\",function(e){var at=place(svg,e),rows=[],x=null;\n",
    "svg.querySelectorAll(\"path.line\").forEach(function(p){if(p.classList.contains(\"off\"))"
    "return;var best=null;points(p).forEach(function(q){\n",
    "if(best===null||Math.abs(q[0]-at.x)<Math.abs(best[0]-at.x))best=q});\n",
    "if(best){rows.push([Math.abs(best[1]-at.y),p,best]);if(x===null||Math.abs(best[0]-at.x)<Math."
    "abs(x-at.x))x=best[0]}});\n",
    "if(!rows.length)return;rows.sort(function(a,b){return a[0]-b[0]});\n",
    "bar.setAttribute(\"x1\",x);bar.setAttribute(\"x2\",x);bar.setAttribute(\"y1\",28);\n",
    "bar.setAttribute(\"y2\",svg.viewBox.baseVal.height-40);bar.style.display=\"\";\n",
    "say(e,short(X(x))+\"\\\n",
    "\"+rows.slice(0,8).map(function(r){return r[1].dataset.name+\"  "
    "\"+short(Y(r[2][1]))}).join(\"\\\n",
    "\"))});\n",
    "svg.addEventListener(\"pointerleave\",function(){hush();bar.style.display=\"none\"})}\n",
    "function named(root){root.querySelectorAll(\"svg path.line,.map "
    "path\").forEach(function(p){\n",
    "var t=p.querySelector(\"title\");if(t)p.dataset.name=t.textContent})}\n",
    "function hover(root){named(root);\n",
    "root.querySelectorAll(\"svg[data-x]\").forEach(chart);\n",
    "root.querySelectorAll(\".map svg\").forEach(function(svg){\n",
    "svg.querySelectorAll(\"title\").forEach(function(t){t.remove()});\n",
    "svg.addEventListener(\"pointermove\",function(e){var at=place(svg,e),best=null,far=64;\n",
    "svg.querySelectorAll(\"path\").forEach(function(p){points(p).forEach(function(q){\n",
    "var f=(q[0]-at.x)*(q[0]-at.x)+(q[1]-at.y)*(q[1]-at.y);if(f<far){far=f;best=p}})});\n",
    "if(best)say(e,best.dataset.name);else hush()});\n",
    "svg.addEventListener(\"pointerleave\",hush)});\n",
    "root.querySelectorAll(\".heat\").forEach(function(r){var "
    "t=r.querySelector(\"title\");if(!t)return;var text=t.textContent;t.remove();\n",
    "r.addEventListener(\"pointermove\",function(e){say(e,text)});r.addEventListener("
    "\"pointerleave\",hush)});\n",
    "root.querySelectorAll(\".legend\").forEach(function(l){var f=l.closest(\"figure\");\n",
    "function set(e,on){var "
    "k=e.target.closest(\"[data-s]\");if(!k)return;f.classList.toggle(\"dim\",on);\n",
    "f.querySelectorAll('[data-s=\"'+k.dataset.s+'\"]').forEach(function(x){x.classList.toggle("
    "\"on\",on)})}\n",
    "l.addEventListener(\"pointerover\",function(e){set(e,true)});l.addEventListener("
    "\"pointerout\",function(e){set(e,false)})})}\n",
    "function pan(svg){var v=svg.viewBox.baseVal,full=[v.x,v.y,v.width,v.height],held=null;\n",
    "svg.addEventListener(\"wheel\",function(e){e.preventDefault();var "
    "at=place(svg,e),k=e.deltaY<0?.8:1.25;\n",
    "k=Math.min(k,full[2]/"
    "v.width);v.x=at.x-(at.x-v.x)*k;v.y=at.y-(at.y-v.y)*k;v.width*=k;v.height*=k;\n",
    "if(v.width>=full[2]*.999){v.x=full[0];v.y=full[1]}},{passive:false});\n",
    "svg.addEventListener(\"pointerdown\",function(e){held=place(svg,e);svg.setPointerCapture(e."
    "pointerId)});\n",
    "svg.addEventListener(\"pointermove\",function(e){if(!held)return;var "
    "at=place(svg,e);v.x-=at.x-held.x;v.y-=at.y-held.y});\n",
    "svg.addEventListener(\"pointerup\",function(){held=null});\n",
    "svg.addEventListener(\"dblclick\",function(){v.x=full[0];v.y=full[1];v.width=full[2];v.height="
    "full[3]})}\n",
    "var "
    "box=d.createElement(\"dialog\");box.setAttribute(\"aria-label\",\"enlarged\");d.body.append("
    "box);\n",
    "function open(node){box.textContent=\"\";var "
    "b=d.createElement(\"button\");b.className=\"zoom\";b.type=\"button\";b.textContent="
    "\"\\u00d7\";\n",
    "b.setAttribute(\"aria-label\",\"close\");b.onclick=function(){box.close()};\n",
    "var "
    "c=node.cloneNode(true);c.querySelectorAll(\".zoom\").forEach(function(z){z.remove()});box."
    "append(b,c);\n",
    "box.showModal();if(c.classList.contains(\"map\")||c.classList.contains(\"chart\")){\n",
    "var "
    "svg=c.querySelector(\"svg\");svg.querySelectorAll(\"line[style]\").forEach(function(l){l."
    "remove()});\n",
    "hover(box);pan(svg);var p=d.createElement(\"p\");p.className=\"soft\";\n",
    "p.textContent=\"Wheel to zoom, drag to move, double click for the whole.\";c.append(p)}}\n",
    "box.addEventListener(\"click\",function(e){if(e.target===box)box.close()});\n",
    "function value(cell){var "
    "t=cell.querySelector(\".number\"),s=(t||cell).textContent.trim().replace(\"\\u2212\",\"-\"),n="
    "parseFloat(s);return "
    "isNaN(n)?s:n}\n",
    "function sorts(table){var "
    "head=table.rows[0];Array.from(head.cells).forEach(function(th,k){th.classList.add(\"can\");th."
    "tabIndex=0;\n",
    "function go(){var "
    "up=th.getAttribute(\"aria-sort\")===\"descending\",rows=Array.from(table.rows).slice(1);\n",
    "Array.from(head.cells).forEach(function(o){o.removeAttribute(\"aria-sort\")});\n",
    "th.setAttribute(\"aria-sort\",up?\"ascending\":\"descending\");\n",
    "rows.sort(function(a,b){var x=value(a.cells[k]),y=value(b.cells[k]),c;\n",
    "if(typeof x!==typeof y)c=typeof x===\"number\"?1:-1;else c=x<y?-1:x>y?1:0;return up?c:-c});\n",
    "rows.forEach(function(r){r.parentNode.append(r)})}\n",
    "th.addEventListener(\"click\",go);\n",
    "th.addEventListener(\"keydown\",function(e){if(e.key===\"Enter\"||e.key===\" "
    "\"){e.preventDefault();go()}})})}\n",
    "d.querySelectorAll(\"figure.chart,figure.map,figure.patch\").forEach(function(f){if(!f."
    "querySelector(\"svg,img\"))return;\n",
    "var "
    "b=d.createElement(\"button\");b.type=\"button\";b.className=\"zoom\";b.textContent="
    "\"\\u2922\";b.title=\"enlarge\";\n",
    "b.setAttribute(\"aria-label\",\"enlarge\");if(!f.classList.contains(\"patch\"))f.append(b);b."
    "onclick=function(){open(f)};\n",
    "f.querySelectorAll(\"img\").forEach(function(i){i.classList.add(\"can\");i.tabIndex=0;i."
    "setAttribute(\"role\",\"button\");\n",
    "i.onclick=function(){open(f)};i.onkeydown=function(e){if(e.key===\"Enter\")open(f)}})});\n",
    "d.querySelectorAll(\"table.sort\").forEach(sorts);\n",
    "d.querySelectorAll(\"[data-filter]\").forEach(function(s){var "
    "all=s.querySelectorAll(\"[data-class]\");if(all.length<6)return;\n",
    "var "
    "l=d.createElement(\"label\"),i=d.createElement(\"input\");l.className=\"filter\";l."
    "textContent=\"Filter by class\";i.type=\"search\";i.placeholder=\"part of a "
    "name\";l.append(i);\n",
    "s.querySelector(\"h2\").after(l);i.addEventListener(\"input\",function(){var "
    "t=i.value.trim().toLowerCase();\n",
    "all.forEach(function(e){var "
    "yes=!t||e.getAttribute(\"data-class\").toLowerCase().includes(t);\n",
    "if(e.ownerSVGElement){e.classList.toggle(\"off\",!yes);e.classList.toggle(\"on\",!!t&&yes)}"
    "else e.hidden=!yes})})});\n",
    "function more(){d.querySelectorAll(\".scroll\").forEach(function(s){var "
    "m=s.scrollWidth>s.clientWidth+1,n=s.nextElementSibling;\n",
    "if(m&&!(n&&n.classList.contains(\"hint\"))){n=d.createElement(\"p\");n.className=\"hint\";n."
    "textContent=\"Wider than the screen: scroll sideways \\u2192\";s.after(n)}\n",
    "s.classList.toggle(\"more\",m);if(m)s.tabIndex=0})}\n",
    "more();addEventListener(\"resize\",more);\n",
    "d.querySelectorAll(\"svg[data-x],.map "
    "svg\").forEach(function(s){s.setAttribute(\"data-live\",\"\")});\n",
    "hover(d);\n",
    "})();\n",
    NULL};
/* clang-format on */
