// Keys, search and live counts. Everything works without it, only slower.
"use strict";
const $ = (id) => document.getElementById(id);
const count = $("count");
if (count && window.EventSource) {
  const counts = new EventSource("/counts");
  counts.onmessage = (event) => { count.textContent = event.data; };
  window.addEventListener("pagehide", () => counts.close());
}
$("back").value = location.pathname + location.search;
// A double click sends once.
for (const form of document.forms) {
  form.addEventListener("submit", (event) => {
    if (form.dataset.sent) event.preventDefault();
    form.dataset.sent = "1";
  });
}
window.addEventListener("pageshow", () => { for (const form of document.forms) delete form.dataset.sent; });
// What was typed outlives a session that ended or a database that was away: it is kept in this tab
// until it is stored, or another letter is opened.
const drafts = "draft ", here = location.pathname.split("/").slice(0, 3).join("/");
const keys = Object.keys(sessionStorage).filter((key) => key.startsWith(drafts));
if (count) keys.filter((key) => !key.startsWith(`${drafts}${here} `)).forEach((key) => sessionStorage.removeItem(key));
const squeezed = (text) => text.replace(/\s+/g, " ").trim();
for (const area of document.querySelectorAll("form textarea")) {
  const key = `${drafts}${here} ${area.id}`, kept = sessionStorage.getItem(key);
  const stored = kept && $("notes") && squeezed($("notes").innerText).includes(squeezed(kept));
  if (stored) sessionStorage.removeItem(key);
  else if (kept) area.value = kept;
  area.form.addEventListener("submit", () => sessionStorage.setItem(key, area.value));
}
const search = $("search"), mailbox = $("mailbox");
if (search && mailbox) {
  search.hidden = false;
  const all = [...mailbox.options];
  search.addEventListener("input", () => {
    const wanted = search.value.trim().toLowerCase();
    const fits = (o) => o.value && `${o.text} ${o.value} ${o.dataset.words}`.toLowerCase().includes(wanted);
    const found = wanted ? all.filter(fits) : all;
    mailbox.replaceChildren(...found);
    mailbox.selectedIndex = found.length ? 0 : -1;
  });
}
const move = (step) => {
  const links = [...document.querySelectorAll(".letters a")];
  const at = links.indexOf(document.activeElement);
  const next = links[Math.min(Math.max(at + step, 0), links.length - 1)];
  if (next) next.focus();
  return links.length > 0;
};
document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || event.repeat) return;
  const typing = /^(INPUT|TEXTAREA|SELECT)$/.test(event.target.tagName);
  if (event.key === "Escape" && typing) { event.target.blur(); return; }
  if (typing) return;
  const choice = document.querySelector(`[data-key="${CSS.escape(event.key)}"]`);
  if (choice) choice.click();
  else if (event.key === "/" && search) search.focus();
  else if (event.key === "o" && $("other")) $("other").click();
  else if (event.key === "s" && $("several")) { $("several").open = true; $("belongs").focus(); }
  else if (event.key === "u" && $("undo")) $("undo").requestSubmit();
  else if (event.key === "j") { if (!move(1) && $("skip")) $("skip").click(); }
  else if (event.key === "k") { if (!move(-1)) history.back(); }
  else if (event.key === "?" && $("help")) { $("help").open = true; $("help").querySelector("summary").focus(); }
  else if (event.key === "Enter" && event.target === document.body && $("start")) $("start").click();
  else return;
  event.preventDefault();
});
// A slider says where it stands, and asks when it is let go.
for (const range of document.querySelectorAll("input[type=range]")) {
  const shown = $(range.dataset.shows);
  range.addEventListener("input", () => {
    const comma = document.documentElement.lang === "da";
    const text = Number(range.value).toFixed(1);
    if (shown) shown.textContent = comma ? text.replace(".", ",") + " %" : text + "%";
  });
  range.addEventListener("change", () => range.form.requestSubmit());
}
