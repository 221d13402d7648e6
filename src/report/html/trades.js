// The table of trades: sorted, filtered, paged; a click on a trade opens its bars.
// Not here: charts of the whole run (chart/browser.js). Works without Plotly: then a click shows the levels as words.
(() => {
  "use strict";
  const box = document.getElementById("trade-book");
  const source = document.getElementById("data-trades");
  if (!box || !source) return;
  const data = JSON.parse(source.textContent);
  const word = data.words;
  const col = Object.fromEntries(data.columns.map((name, place) => [name, place]));
  const PAGE = 50;
  const state = { sort: "exit_time", down: false, text: "", kind: "all", page: 0, open: null };

  const minus = (text) => text.replace("-", "\u2212");
  const fixed = (value, digits) => {
    if (value === null) return "n/a";
    const shown = Math.abs(value) < 0.5 / 10 ** digits ? 0 : value;
    return minus(shown.toLocaleString("en-US", { minimumFractionDigits: digits, maximumFractionDigits: digits }));
  };
  const signed = (value, digits) => value === null ? "n/a" : (value > 0 ? "+" : "") + fixed(value, digits);
  const price = (value) => {
    if (value === null) return "n/a";
    const digits = value >= 1000 ? 2 : Math.min(8, Math.max(2, 4 - Math.floor(Math.log10(value))));
    return fixed(value, digits);
  };
  const time = (ms) => new Date(ms).toISOString().slice(0, 16).replace("T", " ");
  const span = (ms) => {
    const minutes = Math.round(ms / 60000);
    if (minutes < 60) return minutes + " min";
    if (minutes < 1440) return Math.floor(minutes / 60) + " h " + (minutes % 60) + " min";
    return Math.floor(minutes / 1440) + " d " + Math.floor((minutes % 1440) / 60) + " h";
  };
  const tone = (value) => value > 0 ? "gain" : value < 0 ? "loss" : "";

  // Columns shown: key, heading, text of a row, how it sorts, whether it is a number.
  const shown = [
    ["number", "#", (row) => String(row[col.number]), true],
    ["entry_time", word.entry, (row) => time(row[col.entry_time]), false],
    ["symbol", word.contract, (row) => row[col.symbol], false],
    ["direction", word.side, (row) => word[row[col.direction]] || "", false],
    ["net", word.net, (row) => signed(row[col.net], 2), true],
    ["r", "R", (row) => signed(row[col.r], 2), true],
    ["exits", word.exits, (row) => row[col.exits] + (row[col.ambiguous] ? " *" : ""), false],
    ["held", word.held, (row) => span(row[col.exit_time] - row[col.entry_time]), true],
    ["entry_price", word.entry_price, (row) => price(row[col.entry_price]), true],
    ["exit_price", word.exit_price, (row) => price(row[col.exit_price]), true],
    ["fees", word.fees, (row) => fixed(row[col.fees], 2), true],
    ["funding", word.funding, (row) => signed(row[col.funding], 2), true],
    ["mae", word.worst, (row) => row[col.mae] === null ? "n/a" : signed(row[col.mae] * 100, 2) + " %", true],
    ["mfe", word.best, (row) => row[col.mfe] === null ? "n/a" : signed(row[col.mfe] * 100, 2) + " %", true],
    ["score", word.score, (row) => row[col.score] === null ? "n/a" : fixed(row[col.score], 3), true],
    ["gap", word.gap, (row) => row[col.gap] === null ? "n/a" : fixed(row[col.gap], 0) + " s", true],
  ];
  const value = (row, key) => key === "held" ? row[col.exit_time] - row[col.entry_time] : row[col[key]];

  const element = (name, attributes, ...children) => {
    const made = document.createElement(name);
    for (const [key, text] of Object.entries(attributes || {})) made.setAttribute(key, text);
    made.append(...children);
    return made;
  };

  const chosen = () => {
    const wanted = state.text.trim().toLowerCase();
    const fits = (row) => {
      if (state.kind === "won" && !(row[col.net] > 0)) return false;
      if (state.kind === "lost" && !(row[col.net] < 0)) return false;
      if (!wanted) return true;
      return shown.some(([, , text]) => text(row).toLowerCase().includes(wanted));
    };
    const rows = data.rows.filter(fits);
    const order = (left, right) => {
      const [a, b] = [value(left, state.sort), value(right, state.sort)];
      if (a === b) return left[col.number] - right[col.number];
      if (a === null) return 1;
      if (b === null) return -1;
      const less = typeof a === "string" ? a.localeCompare(b, "en") : a - b;
      return state.down ? -less : less;
    };
    return rows.sort(order);
  };

  const search = element("input", { type: "search", placeholder: word.search, "aria-label": word.search });
  const kinds = element("select", { "aria-label": word.show });
  for (const kind of ["all", "won", "lost"]) kinds.append(element("option", { value: kind }, word[kind]));
  const found = element("span", { class: "note" });
  const head = element("tr");
  const body = element("tbody");
  const pages = element("div", { class: "pages" });
  const back = element("button", { type: "button" }, "\u2039");
  const next = element("button", { type: "button" }, "\u203a");
  const where = element("span", { class: "note" });
  pages.append(back, where, next);
  box.append(
    element("div", { class: "tools" }, search, kinds, found),
    element("div", { class: "scroll" }, element("table", {}, element("thead", {}, head), body)),
    pages,
  );
  for (const [key, name, , number] of shown) {
    const button = element("button", { type: "button", "data-key": key }, name);
    button.addEventListener("click", () => {
      state.down = state.sort === key ? !state.down : number;
      state.sort = key;
      state.page = 0;
      draw();
    });
    head.append(element("th", number ? { class: "num" } : {}, button));
  }

  const draw = () => {
    const rows = chosen();
    const last = Math.max(0, Math.ceil(rows.length / PAGE) - 1);
    state.page = Math.min(state.page, last);
    for (const th of head.children) {
      const button = th.firstChild;
      const on = button.dataset.key === state.sort;
      th.setAttribute("aria-sort", on ? (state.down ? "descending" : "ascending") : "none");
    }
    found.textContent = rows.length + " / " + data.rows.length;
    where.textContent = (state.page + 1) + " / " + (last + 1);
    back.disabled = state.page === 0;
    next.disabled = state.page === last;
    pages.hidden = last === 0;
    body.replaceChildren();
    for (const row of rows.slice(state.page * PAGE, state.page * PAGE + PAGE)) {
      const line = element("tr", { class: "trade", tabindex: "0", "data-trade": row[col.number], title: word.open });
      for (const [key, , text, number] of shown) {
        const colour = key === "net" || key === "r" ? tone(value(row, key)) : "";
        line.append(element("td", { class: (number ? "num " : "") + colour }, text(row)));
      }
      const toggle = () => {
        state.open = state.open === row[col.number] ? null : row[col.number];
        draw();
        // Drawn anew: the row that had the focus is another element now.
        const same = body.querySelector("[data-trade='" + row[col.number] + "']");
        if (same) same.focus({ preventScroll: true });
      };
      line.addEventListener("click", toggle);
      line.addEventListener("keydown", (event) => {
        if (event.key === "Enter" || event.key === " ") {
          event.preventDefault();
          toggle();
        }
      });
      body.append(line);
      if (state.open === row[col.number]) {
        line.classList.add("open");
        const cell = element("td", { colspan: shown.length, class: "trade-view" });
        body.append(element("tr", { class: "view" }, cell));
        show(row, cell);
      }
    }
  };
  search.addEventListener("input", () => { state.text = search.value; state.page = 0; draw(); });
  kinds.addEventListener("change", () => { state.kind = kinds.value; state.page = 0; draw(); });
  back.addEventListener("click", () => { state.page -= 1; draw(); });
  next.addEventListener("click", () => { state.page += 1; draw(); });

  // Bars of all trades: see report::record::Packed.
  let unpacked = null;
  const unpack = () => {
    unpacked ??= (async () => {
      const raw = Uint8Array.from(atob(data.bars), (letter) => letter.charCodeAt(0));
      const stream = new Blob([raw]).stream().pipeThrough(new DecompressionStream("deflate-raw"));
      return new Uint8Array(await new Response(stream).arrayBuffer());
    })();
    return unpacked;
  };
  const barsOf = async (at) => {
    const bytes = await unpack();
    let place = at.offset;
    const number = () => {
      let result = 0;
      let scale = 1;
      for (;;) {
        const byte = bytes[place++];
        result += (byte & 127) * scale;
        if (byte < 128) break;
        scale *= 128;
      }
      return result % 2 ? -(result + 1) / 2 : result / 2;
    };
    const bars = { x: [], open: [], high: [], low: [], close: [] };
    const real = (steps) => Number((steps * at.step).toFixed(8));
    let slot = at.start / at.interval;
    let last = 0;
    for (let count = 0; count < at.count; count++) {
      slot += number();
      const open = last + number();
      const close = open + number();
      bars.x.push(slot * at.interval);
      bars.open.push(real(open));
      bars.close.push(real(close));
      bars.high.push(real(Math.max(open, close) + number()));
      bars.low.push(real(Math.min(open, close) - number()));
      last = close;
      slot += 1;
    }
    return bars;
  };

  // Times are told since the entry, lists that are empty are not told.
  const wayOf = (row) => {
    const told = data.ways[row[col.number] - 1];
    const entry = row[col.entry_time];
    const list = (key, times) => (told[key] || []).map((one) => one.map((value, place) => place < times ? value + entry : value));
    const [start, interval, count, offset, step] = told.b;
    return {
      signals: list("s", 1), entries: list("e", 1), exits: list("x", 1), levels: list("l", 2), trail: list("t", 1), funding: list("f", 1),
      bars: { start, interval, count, offset, step },
    };
  };

  const show = async (row, cell) => {
    const way = wayOf(row);
    const title = row[col.symbol] + " \u00b7 " + time(row[col.entry_time]) + " UTC \u00b7 " + signed(row[col.net], 2) + " USDT";
    const plot = element("div", { class: "trade-plot" });
    cell.append(element("strong", {}, title), plot, words(way));
    let bars;
    try {
      bars = await barsOf(way.bars);
    } catch (error) {
      plot.textContent = word.unpack;
      return;
    }
    if (!window.Plotly || !bars.x.length || !plot.isConnected) {
      plot.textContent = bars.x.length ? "" : word.no_bars;
      plot.dataset.bars = bars.x.length;
      return;
    }
    await candles(plot, way, bars);
    plot.dataset.bars = bars.x.length;
  };

  // The same as words, for reading and for readers without the script of the charts.
  const words = (way) => {
    const list = element("ul", { class: "note" });
    const say = (ms, text) => list.append(element("li", {}, time(ms) + "  " + text));
    for (const [at, kind] of way.signals) say(at, word.signal + " " + kind);
    for (const [at, cost, qty] of way.entries) say(at, word.entry_fill + " " + qty + " @ " + price(cost));
    for (const [at, amount] of way.funding) say(at, word.funding + " " + signed(amount, 4));
    for (const [at, cost, qty, reason] of way.exits) say(at, reason + " " + qty + " @ " + price(cost));
    return list;
  };

  const colour = (name) => getComputedStyle(document.documentElement).getPropertyValue("--" + name).trim();
  const candles = (plot, way, bars) => {
    const [gain, loss, run, muted, line, hold] = ["gain", "loss", "run", "muted", "line", "hold1"].map(colour);
    const end = bars.x[bars.x.length - 1] + way.bars.interval;
    const date = (ms) => new Date(ms).toISOString().slice(0, 23);
    const traces = [{
      type: "candlestick", x: bars.x.map(date), open: bars.open, high: bars.high, low: bars.low, close: bars.close,
      increasing: { line: { color: gain, width: 1 } }, decreasing: { line: { color: loss, width: 1 } }, name: word.bars, showlegend: false,
    }];
    const level = (name, ink, dash) => {
      const mine = way.levels.filter((one) => one[3] === (name === "tp" ? 1 : 0));
      if (!mine.length) return;
      const [x, y, text] = [[], [], []];
      for (const [from, to, cost, , purpose] of mine) {
        x.push(date(from), date(Math.min(to, end)), null);
        y.push(cost, cost, null);
        text.push(purpose, purpose, "");
      }
      traces.push({ type: "scatter", mode: "lines", x, y, text, name: word[name], line: { color: ink, width: 1.5, dash }, hovertemplate: "%{text} %{y}<extra></extra>" });
    };
    level("stop", loss, "solid");
    level("tp", gain, "dash");
    if (way.trail.length) {
      const last = way.exits.length ? way.exits[way.exits.length - 1][0] : end;
      const x = way.trail.map(([at]) => date(at)).concat(date(Math.max(last, way.trail[way.trail.length - 1][0])));
      const y = way.trail.map(([, cost]) => cost).concat(way.trail[way.trail.length - 1][1]);
      traces.push({ type: "scatter", mode: "lines", x, y, name: word.trailing, line: { color: hold, width: 1.5, shape: "hv" } });
    }
    const dots = (name, points, symbol, ink, size) => {
      if (!points.length) return;
      traces.push({
        type: "scatter", mode: "markers", name, x: points.map(([at]) => date(at)), y: points.map(([, cost]) => cost),
        text: points.map(([, , text]) => text), hovertemplate: "%{text}<br>%{x|%H:%M:%S} UTC, %{y}<extra></extra>",
        marker: { symbol, color: ink, size, line: { color: colour("paper"), width: 1 } },
      });
    };
    dots(word.entry_fill, way.entries.map(([at, cost, qty]) => [at, cost, word.entry_fill + " " + qty]), "triangle-right", run, 13);
    dots(word.exits, way.exits.map(([at, cost, qty, reason]) => [at, cost, reason + " " + qty]), "square", muted, 10);
    const low = Math.min(...bars.low);
    dots(word.funding, way.funding.map(([at, amount]) => [at, low, word.funding + " " + signed(amount, 4) + " USDT"]), "diamond", hold, 9);
    const shapes = way.signals.map(([at]) => ({ type: "line", xref: "x", yref: "paper", x0: date(at), x1: date(at), y0: 0, y1: 1, line: { color: muted, width: 1, dash: "dot" } }));
    const annotations = way.signals.map(([at, kind], place) => ({
      x: date(at), y: 1 - place * 0.07, xref: "x", yref: "paper", text: kind, showarrow: false, xanchor: "right", yanchor: "top", font: { size: 11, color: muted },
    }));
    const narrow = plot.clientWidth < 560;
    const axis = { gridcolor: line, linecolor: line, zeroline: false };
    const layout = {
      height: narrow ? 340 : 460, margin: { l: narrow ? 48 : 66, r: 12, t: 8, b: 36 },
      paper_bgcolor: "rgba(0,0,0,0)", plot_bgcolor: "rgba(0,0,0,0)", font: { family: "inherit", size: narrow ? 10 : 12, color: colour("ink") },
      xaxis: { ...axis, type: "date", rangeslider: { visible: false } }, yaxis: { ...axis, tickformat: "~r", side: "left" },
      shapes, annotations, hovermode: "closest", legend: { orientation: "h", y: -0.1, yanchor: "top" },
    };
    return window.Plotly.newPlot(plot, traces, layout, { displaylogo: false, responsive: true, modeBarButtonsToRemove: ["lasso2d", "select2d"] });
  };

  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", draw);
  draw();
  document.documentElement.dataset.trades = String(data.rows.length);
})();
