// Draws every chart of the page from its JSON, in the colours of the theme of the moment.
// Not here: what is drawn; the JSON says it. Needs no network; without the library the still pictures stay.
"use strict";
(() => {
  const root = document.documentElement;
  const dark = matchMedia("(prefers-color-scheme: dark)");
  const phone = matchMedia("(max-width: 640px)");
  const touch = matchMedia("(pointer: coarse)");
  const pointer = matchMedia("(hover: hover)");

  // A colour of the style sheet as [red, green, blue].
  const rgb = (name) => {
    const text = getComputedStyle(root).getPropertyValue("--" + name).trim().replace("#", "");
    const wide = text.length === 3 ? text.replace(/./g, "$&$&") : text;
    return [0, 2, 4].map((at) => parseInt(wide.slice(at, at + 2), 16) || 0);
  };
  const INK = /^(ink|mix):([a-z0-9]+)(?:\/([0-9.]+))?$/;
  const color = (text) => {
    const found = INK.exec(text);
    if (!found) return text;
    const [, kind, name, cover] = found;
    const own = rgb(name);
    if (cover === undefined) return `rgb(${own.join(",")})`;
    if (kind === "ink") return `rgba(${own.join(",")},${cover})`;
    // Mixed with the paper, so that it covers what is below.
    const paper = rgb("paper");
    return `rgb(${own.map((part, at) => Math.round(part * cover + paper[at] * (1 - cover))).join(",")})`;
  };
  // A copy in which inks have become colours; only fields that hold colours are looked at.
  const inked = (value, isColor) => {
    if (typeof value === "string") return isColor ? color(value) : value;
    if (Array.isArray(value)) {
      const isPlain = !isColor && typeof value[0] === "number";
      return isPlain ? value : value.map((part) => inked(part, isColor));
    }
    if (value === null || typeof value !== "object") return value;
    const copy = {};
    for (const [key, part] of Object.entries(value)) copy[key] = inked(part, isColor || /color/.test(key));
    return copy;
  };

  const DATES = [
    { dtickrange: [null, 60000], value: "%H:%M:%S\n%Y-%m-%d" },
    { dtickrange: [60000, 86400000], value: "%H:%M\n%Y-%m-%d" },
    { dtickrange: [86400000, "M1"], value: "%m-%d\n%Y" },
    { dtickrange: ["M1", "M12"], value: "%Y-%m" },
    { dtickrange: ["M12", null], value: "%Y" },
  ];
  // A name cut for a narrow screen; a letter may be written as `&lt;`.
  const cut = (text) => {
    const letters = text.match(/&[a-z]+;|[^]/gu) || [];
    return letters.length > 14 ? letters.slice(0, 13).join("") + "…" : text;
  };
  // Rows that the legend takes, by the length of its names.
  const rows = (names, width, size) => {
    let [count, used] = [names.length ? 1 : 0, 0];
    for (const name of names) {
      const wide = 46 + [...name].reduce((sum, letter) => sum + (letter > "\u2e7f" ? 1 : 0.56), 0) * size;
      if (used > 0 && used + wide > width) [count, used] = [count + 1, 0];
      used += wide;
    }
    return count;
  };
  // Every so many names of the axis below, so that none covers another.
  const thinned = (axis, width, size) => {
    const longest = Math.max(...axis.ticktext.map((text) => [...text].reduce((sum, letter) => sum + (letter > "\u2e7f" ? 1 : 0.6), 0)));
    const every = Math.ceil((axis.ticktext.length * (longest * size + 8)) / width);
    if (axis.ticktext.length <= 16 || every < 2) return;
    const keep = (_, at) => at % every === 0;
    axis.tickvals = axis.tickvals.filter(keep);
    axis.ticktext = axis.ticktext.filter(keep);
  };
  const dress = (layout, width, height) => {
    const small = phone.matches;
    const size = small ? 10.5 : 12;
    const family = getComputedStyle(document.body).fontFamily;
    const [ink, muted, line, base, paper] = ["ink", "muted", "line", "base", "paper"].map((name) => color("ink:" + name));
    const { legend = [], headed = false } = layout.meta || {};
    for (const [key, axis] of Object.entries(layout)) {
      if (!/^[xy]axis/.test(key)) continue;
      const across = key === "xaxis";
      Object.assign(axis, {
        gridcolor: line, linecolor: base, tickcolor: base, tickfont: { color: muted }, automargin: true,
        separatethousands: true, exponentformat: "none", ticks: across && !axis.names ? "outside" : "", ticklen: 4,
        title: axis.title && { ...axis.title, font: { color: muted, size } },
      });
      if (axis.names && !across && small) axis.ticktext = axis.ticktext.map(cut);
      if (axis.names && across) thinned(axis, width - 60, size);
      const part = axis.domain ? axis.domain[1] - axis.domain[0] : 1;
      if (!axis.names) axis.nticks = across ? (small ? 5 : 10) : Math.max(2, Math.min(8, Math.round((height * part) / 34)));
      if (axis.type === "date") Object.assign(axis, { tickformatstops: DATES, tickangle: 0, showspikes: true, spikemode: "across", spikethickness: 1, spikedash: "dot", spikecolor: base });
      if (across && axis.type !== "date") axis.showgrid = false;
      if (across || axis.names) axis.showline = across;
    }
    // Lying bars are read along their lines.
    if (layout.yaxis && layout.yaxis.names && layout.xaxis && !layout.xaxis.names) layout.xaxis.showgrid = true;
    const lines = rows(legend, width - 20, size) * (size + 11);
    const head = headed ? size + 8 : 6;
    return Object.assign(layout, {
      font: { family, size, color: ink }, paper_bgcolor: "rgba(0,0,0,0)", plot_bgcolor: "rgba(0,0,0,0)",
      margin: { l: 6, r: small ? 8 : 14, t: head + (small ? 0 : lines), b: 8 + (small ? lines + 22 : 0), pad: 2 },
      legend: {
        orientation: "h", x: 0, xanchor: "left", yref: "container", y: small ? 0 : 1, yanchor: small ? "bottom" : "top",
        font: { color: muted, size }, bgcolor: "rgba(0,0,0,0)", itemsizing: "constant", traceorder: "normal",
      },
      hoverlabel: { bgcolor: paper, bordercolor: base, font: { color: ink, size, family }, align: "left" },
      modebar: { color: base, activecolor: ink, bgcolor: "rgba(0,0,0,0)" }, uniformtext: { mode: false },
      dragmode: touch.matches ? false : "zoom", autosize: true,
    });
  };

  const config = (isZoomed) => ({
    displaylogo: false, responsive: true, displayModeBar: isZoomed && !phone.matches && pointer.matches ? "hover" : false,
    modeBarButtonsToRemove: ["select2d", "lasso2d", "autoScale2d"], doubleClick: "reset",
  });
  // Draws a figure {data, layout} into an element, in the colours of now.
  const draw = (place, figure) => {
    const copy = inked(figure, false);
    const layout = dress(copy.layout, place.clientWidth || 600, place.clientHeight || 320);
    if (phone.matches) {
      for (const trace of copy.data) {
        // Texts at the ends of lying bars take more of a narrow screen.
        if (trace.orientation === "h" && trace.text && layout.xaxis.range) {
          const [low, high] = layout.xaxis.range;
          layout.xaxis.range = [low < 0 ? low - (high - low) * 0.3 : low, high + (high - low) * 0.25];
        }
        if (trace.type === "heatmap" && trace.x.length > 7) delete trace.texttemplate;
      }
    }
    return Plotly.react(place, copy.data, layout, config(!layout.xaxis.names && !layout.yaxis.names));
  };

  const figures = new Map();
  const show = (place) => {
    if (figures.has(place)) return;
    const source = document.getElementById("data-" + place.dataset.chart);
    if (!source) return;
    const figure = JSON.parse(source.textContent);
    figures.set(place, figure);
    const around = place.closest("figure");
    if (around) around.classList.add("drawn");
    draw(place, figure);
  };
  const start = () => {
    const places = [...document.querySelectorAll(".plot[data-chart]")];
    if (!window.Plotly) return;
    const seen = new IntersectionObserver((entries) => {
      for (const entry of entries) if (entry.isIntersecting) show(entry.target);
    }, { rootMargin: "400px" });
    places.forEach((place) => seen.observe(place));
    // What is not looked at follows, one chart at a time, so that the page stays usable.
    const next = () => {
      const place = places.find((one) => !figures.has(one) && document.getElementById("data-" + one.dataset.chart));
      if (!place) {
        seen.disconnect();
        root.dataset.plots = String(figures.size);
        return;
      }
      show(place);
      setTimeout(next, 0);
    };
    setTimeout(next, 0);
    const again = () => figures.forEach((figure, place) => draw(place, figure));
    dark.addEventListener("change", again);
    phone.addEventListener("change", again);
  };
  window.charts = { draw, color };
  if (document.readyState === "loading") addEventListener("DOMContentLoaded", start);
  else start();
})();
