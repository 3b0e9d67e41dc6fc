"use strict";

const byId = (id) => document.getElementById(id);
const number = new Intl.NumberFormat("en");
const tones = {
  whole: "with all guilds whole", lacking: "with guilds that are not whole", "setting-up": "setting up", away: "without a session", halted: "halted",
  elsewhere: "in other processes",
};
const letters = { w: "whole", l: "lacking", s: "setting-up", a: "away", h: "halted", e: "elsewhere" };

/* The windows: how many shards come before the first, and the guild before the first. */
const view = { shards: 0, after: "" };
let source = null;
let retry = null;
let state = null;
/* The bot's time when the last event came, and the page's. */
let clock = { bot: 0, page: 0 };

const now = () => clock.bot + (performance.now() - clock.page);

function span(ms) {
  const s = Math.max(0, Math.round(ms / 1000));
  if (s < 60) return `${s} s`;
  if (s < 3600) return `${Math.floor(s / 60)} min ${s % 60} s`;
  if (s < 86400) return `${Math.floor(s / 3600)} h ${Math.floor((s % 3600) / 60)} min`;
  return `${Math.floor(s / 86400)} d ${Math.floor((s % 86400) / 3600)} h`;
}

/* A time within which most are, in microseconds. */
function within(us) {
  if (us === null) return "> 60 s";
  return us < 1e6 ? `\u2264 ${us / 1000} ms` : `\u2264 ${us / 1e6} s`;
}

/* How long one thing took, in microseconds. */
function took(us) {
  if (us === null) return "\u2013";
  return us < 1000 ? `${us} \u00b5s` : `${(us / 1000).toFixed(1)} ms`;
}

function size(bytes) {
  if (bytes < 1000) return `${bytes} B`;
  if (bytes < 1e6) return `${(bytes / 1e3).toFixed(1)} kB`;
  if (bytes < 1e9) return `${(bytes / 1e6).toFixed(1)} MB`;
  return `${(bytes / 1e9).toFixed(2)} GB`;
}

function put(node, text) {
  if (node.textContent !== text) node.textContent = text;
}

/* A cell is a text, or what makes one: { text, kind, tone, until, since, part, of }. */
function fill(cell, value) {
  const it = typeof value === "object" && value !== null ? value : { text: value };
  const kind = it.kind || "";
  if (cell.className !== kind) cell.className = kind;
  for (const key of ["tone", "until", "since"]) {
    const known = it[key] === undefined || it[key] === null ? undefined : String(it[key]);
    if (cell.dataset[key] !== known) {
      if (known === undefined) delete cell.dataset[key];
      else cell.dataset[key] = known;
    }
  }
  let bar = cell.querySelector("progress");
  if (it.of) {
    if (!bar) {
      cell.replaceChildren(document.createElement("progress"), document.createElement("span"));
      bar = cell.firstChild;
      bar.setAttribute("aria-label", "chunks received");
    }
    bar.max = it.of;
    bar.value = it.part;
    put(cell.lastChild, it.text);
  } else if (it.until === undefined && it.since === undefined) {
    put(cell, it.text === undefined || it.text === null ? "" : String(it.text));
  } else if (it.until === null || it.since === null) {
    put(cell, "\u2013");
  } else {
    tick(cell);
  }
}

function tick(cell) {
  if (cell.dataset.until !== undefined) {
    const left = Number(cell.dataset.until) - now();
    put(cell, left > 0 ? `in ${span(left)}` : "now");
  } else if (cell.dataset.since !== undefined) {
    put(cell, span(now() - Number(cell.dataset.since)));
  }
}

/* Rows are used again: only what differs is touched. The first cell names its row. */
function rows(table, all) {
  const body = byId(table).tBodies[0];
  while (body.rows.length > all.length) body.deleteRow(-1);
  all.forEach((cells, at) => {
    const row = body.rows[at] || body.insertRow();
    while (row.cells.length < cells.length) row.append(document.createElement("td"));
    cells.forEach((value, column) => fill(row.cells[column], value));
  });
}

function list(name, all, empty) {
  const scroll = byId(`${name}-table`).parentElement;
  const note = byId(name === "guild" ? "guilds-empty" : name === "request" ? "requests-empty" : "cache-empty");
  scroll.hidden = all.length === 0;
  note.hidden = all.length > 0;
  put(note, empty);
  rows(`${name}-table`, all);
}

const stageTones = {
  expected: "setting-up", syncing: "setting-up", requested: "setting-up", receiving: "setting-up",
  storing: "setting-up", unavailable: "away",
};

/* Shards that are not up and had guilds, which are shown as they last were. */
function down() {
  const count = state.guilds.shards_down;
  if (!count) return "";
  return count === 1 ? "1 shard is not up" : `${number.format(count)} shards are not up`;
}

function showGuilds() {
  const { guilds, lacking } = state;
  const missing = down();
  const lackingCount = guilds.not_whole ? number.format(guilds.not_whole) : "";
  put(byId("lacking-count"), missing && lackingCount ? `${lackingCount} when last seen: ${missing}` : lackingCount);
  const whole = missing ? `Every guild was whole when last seen: ${missing}.` : "Every guild is whole.";
  list("guild", lacking.map((it) => [
    { text: it.guild, kind: "state", tone: stageTones[it.stage] || "lacking" },
    { text: it.why, kind: "text" },
    { until: it.until },
    { text: it.members_expected === null ? "\u2013" : `${number.format(it.members_received)} of ${number.format(it.members_expected)}`, kind: "number" },
    { text: it.shard, kind: "soft" },
    { since: it.since, kind: "soft" },
  ]), guilds.not_whole ? "No more behind these." : guilds.known ? whole : "No guild has been listed yet.");
  byId("guild-pages").hidden = !view.after && lacking.length >= guilds.not_whole;
  byId("guilds-first").disabled = !view.after;
  byId("guilds-next").disabled = lacking.length === 0 || (!view.after && lacking.length >= guilds.not_whole);
}

function showShards() {
  const { shards, strip, first_shard: first } = state;
  put(byId("shard-count"), number.format(strip.length));
  rows("shard-table", shards.map((it) => [
    { text: it.shard, kind: "state", tone: it.health },
    { text: it.phase },
    { text: it.why || (it.health === "whole" ? "" : tones[it.health]), kind: "text" },
    { until: it.until },
    { text: `${number.format(it.known - it.not_whole)} of ${number.format(it.known)}`, kind: "number" },
    { text: it.stages.map(([stage, count]) => `${number.format(count)} ${stage}`).join(", ") || "\u2013", kind: "soft text" },
    { text: took(it.latency_us), kind: "number" },
    { text: took(it.lag_us), kind: "number" },
    { text: number.format(it.unacknowledged), kind: "number" },
    { text: it.sends_left === null ? "\u2013" : number.format(it.sends_left), kind: "number" },
    { since: it.session_since, kind: "soft" },
  ]));
  byId("shard-pages").hidden = shards.length >= strip.length;
  byId("shards-previous").disabled = first === 0;
  byId("shards-next").disabled = first + shards.length >= strip.length;
  const counts = {};
  for (const letter of strip) counts[letter] = (counts[letter] || 0) + 1;
  const key = Object.entries(letters).filter(([letter]) => counts[letter]).map(([letter, tone]) => {
    const part = document.createElement("span");
    part.className = "state";
    part.dataset.tone = tone;
    part.textContent = `${number.format(counts[letter])} ${tones[tone]}`;
    return part;
  });
  const text = key.map((part) => part.textContent).join();
  if (byId("key").dataset.text !== text) {
    byId("key").dataset.text = text;
    byId("key").replaceChildren(...key);
  }
  draw();
}

/* A square for each shard: one canvas, however many there are. */
function draw() {
  const canvas = byId("strip");
  const { strip } = state;
  const width = canvas.clientWidth;
  const style = getComputedStyle(document.documentElement);
  const colors = Object.fromEntries(Object.entries(letters).map(([letter, tone]) => [letter, style.getPropertyValue(`--${tone}`)]));
  const text = `${strip} ${width} ${devicePixelRatio} ${colors.w}`;
  if (canvas.dataset.text === text) return;
  canvas.dataset.text = text;
  const gap = 3;
  const side = strip.length > 2000 ? 7 : strip.length > 300 ? 10 : 16;
  const columns = Math.max(1, Math.floor((width + gap) / (side + gap)));
  const height = Math.ceil(strip.length / columns) * (side + gap) - gap;
  canvas.style.height = `${height}px`;
  canvas.width = width * devicePixelRatio;
  canvas.height = height * devicePixelRatio;
  const pen = canvas.getContext("2d");
  pen.scale(devicePixelRatio, devicePixelRatio);
  [...strip].forEach((letter, at) => {
    pen.fillStyle = colors[letter];
    pen.beginPath();
    pen.roundRect((at % columns) * (side + gap), Math.floor(at / columns) * (side + gap), side, side, side / 4);
    pen.fill();
  });
}

function showRequests() {
  const { requests, requests_queued: queued, requests_sent: sent } = state;
  const more = queued + sent - requests.length;
  put(byId("request-count"), queued + sent ? `${number.format(queued + sent)}${more > 0 ? `, the first ${requests.length} shown` : ""}` : "");
  list("request", requests.map((it) => [
    { text: it.guild },
    { text: it.attempts > 1 ? `${it.state}, attempt ${it.attempts}` : it.state },
    it.count ? { text: `${it.chunks} of ${it.count}`, part: it.chunks, of: it.count } : { text: "\u2013" },
    { until: it.until },
  ]), "None is under way.");
}

function showCache() {
  const { cache } = state;
  const total = cache.reduce((sum, it) => sum + it.bytes, 0);
  put(byId("cache-count"), cache.length ? size(total) : "");
  list("cache", cache.map((it) => [
    { text: it.kind },
    { text: number.format(it.rows), kind: "number" },
    { text: size(it.bytes), kind: "number" },
    { text: size(Math.round(it.bytes / it.rows)), kind: "number soft" },
  ]), "Nothing is cached.");
}

function showResets() {
  const { resets } = state.identifies;
  const left = resets === null ? 0 : resets - now();
  put(byId("resets"), left > 0 ? `full again in ${span(left)}` : "");
}

function showGlance() {
  const { guilds, identifies, strip, is_ready: isReady } = state;
  const ready = [...strip].filter((letter) => "wle".includes(letter)).length;
  const whole = guilds.known - guilds.not_whole;
  put(byId("whole"), number.format(whole));
  const seen = guilds.shards_down ? ", when last seen" : "";
  put(byId("whole-of"), `of ${number.format(guilds.known)}${seen}`);
  put(byId("members"), number.format(guilds.members_received));
  put(byId("members-of"), `of ${number.format(guilds.members_expected)}${seen}`);
  put(byId("ready"), number.format(ready));
  put(byId("ready-of"), `of ${number.format(strip.length)}`);
  put(byId("identifies"), number.format(identifies.left));
  put(byId("identifies-of"), `of ${number.format(identifies.total)} a day`);
  showResets();
  const { lag } = state;
  put(byId("lag"), lag ? within(lag.half_us) : "\u2013");
  put(byId("lag-of"), lag ? `median of a minute; 99 %: ${within(lag.most_us)}` : "none timed lately");
  const { waiting_events: waiting } = state;
  const late = state.waiting_since === null ? "" : `, the next for ${span(now() - state.waiting_since)}`;
  put(byId("waiting"), waiting ? `${number.format(waiting)} ${waiting === 1 ? "event waits" : "events wait"}${late}` : "no event waits");
  put(byId("sent"), number.format(state.requests_sent));
  put(byId("queued"), state.requests_queued ? `${number.format(state.requests_queued)} wait to be sent` : "none waits to be sent");
  put(byId("misunderstood"), state.misunderstood ? `${number.format(state.misunderstood)} payloads were not understood whole` : "Every payload was understood.");
  const verdict = byId("verdict");
  verdict.dataset.state = isReady ? "ready" : "not-ready";
  const away = strip.length - ready;
  const parts = [];
  if (away) parts.push(away === 1 ? "1 shard" : `${number.format(away)} shards`);
  if (guilds.pending) parts.push(guilds.pending === 1 ? "1 guild" : `${number.format(guilds.pending)} guilds`);
  const why = parts.length ? `waits for ${parts.join(" and ")}` : "runs no shard";
  put(verdict, isReady ? "Ready" : `Not ready: ${why}`);
  document.title = `${isReady ? "ready" : "not ready"} \u2013 headcount`;
}

function show() {
  showGlance();
  showGuilds();
  showShards();
  showRequests();
  showCache();
}

/* However many events come, the page is drawn once for each frame that is shown. */
let drawn = true;
function later() {
  if (!drawn) return;
  drawn = false;
  requestAnimationFrame(() => {
    drawn = true;
    if (!byId("live").hasAttribute("data-lost")) show();
  });
}

/* How long a page that was refused waits before it asks again. */
const patience = 5000;

/* A bot that says nothing for so long is gone, or hangs. */
const silence = 25000;
let heard = performance.now();

/* What is shown is how it was: nobody knows how it is. */
function lose(why) {
  byId("live").dataset.lost = "";
  put(byId("live"), `${why}: this is how it was`);
  byId("verdict").dataset.state = "unknown";
  put(byId("verdict"), "Not known");
  document.title = "not known \u2013 headcount";
}

function resume() {
  byId("live").removeAttribute("data-lost");
  put(byId("live"), "live");
  later();
}

function open() {
  if (source) source.close();
  clearTimeout(retry);
  const query = new URLSearchParams({ shards: view.shards });
  if (view.after) query.set("after", view.after);
  source = new EventSource(`events?${query}`);
  heard = performance.now();
  source.addEventListener("beat", () => {
    heard = performance.now();
    if (byId("live").hasAttribute("data-lost") && state) resume();
  });
  source.onmessage = (event) => {
    heard = performance.now();
    const message = JSON.parse(event.data);
    clock = { bot: message.now, page: performance.now() };
    state = message.state;
    resume();
  };
  source.onerror = () => {
    /* An answer that is none of events ends it for good: there may be as many pages as may be. */
    const isRefused = source.readyState === EventSource.CLOSED;
    lose(isRefused ? "no events come, as when too many pages are open" : "the bot cannot be reached");
    if (isRefused) retry = setTimeout(open, patience);
  };
}

byId("guilds-first").addEventListener("click", () => { view.after = ""; open(); });
byId("guilds-next").addEventListener("click", () => {
  const last = state && state.lacking[state.lacking.length - 1];
  if (last) view.after = last.place;
  open();
});
byId("shards-previous").addEventListener("click", () => { view.shards = Math.max(0, view.shards - 25); open(); });
byId("shards-next").addEventListener("click", () => { view.shards += 25; open(); });
addEventListener("resize", () => state && draw());
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => state && draw());
setInterval(() => {
  if (performance.now() - heard > silence) {
    lose("the bot says nothing");
    open();
  }
  if (document.hidden || byId("live").hasAttribute("data-lost")) return;
  document.querySelectorAll("[data-until], [data-since]").forEach(tick);
  if (state) showResets();
}, 1000);
open();
