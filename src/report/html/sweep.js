(function () {
  "use strict";
  var chart = document.getElementById("parallel-chart");
  if (!chart) { return; }
  var bar = document.querySelector(".brushes");
  var lines = Array.prototype.map.call(chart.querySelectorAll(".lines polyline"), function (element) {
    var heights = element.getAttribute("points").split(" ").map(function (pair) { return Number(pair.split(",")[1]); });
    return { element: element, heights: heights };
  });
  var kept = {};
  function show() {
    var inside = 0;
    lines.forEach(function (line) {
      var fits = Object.keys(kept).every(function (axis) {
        var height = line.heights[axis];
        return height >= kept[axis][0] && height <= kept[axis][1];
      });
      line.element.classList.toggle("off", !fits);
      inside += fits ? 1 : 0;
    });
    bar.querySelector("output").textContent = inside + " of " + lines.length + " lines";
  }
  function height(event) {
    var point = new DOMPoint(event.clientX, event.clientY);
    return point.matrixTransform(chart.getScreenCTM().inverse()).y;
  }
  function mark(grab, range) {
    var rect = grab.nextElementSibling;
    rect.setAttribute("y", range ? range[0] : 0);
    rect.setAttribute("height", range ? range[1] - range[0] : 0);
  }
  var grabs = chart.querySelectorAll(".grab");
  Array.prototype.forEach.call(grabs, function (grab) {
    var axis = grab.getAttribute("data-axis");
    var from = null;
    grab.addEventListener("pointerdown", function (event) {
      from = height(event);
      grab.setPointerCapture(event.pointerId);
      event.preventDefault();
    });
    grab.addEventListener("pointermove", function (event) {
      if (from === null) { return; }
      var to = height(event);
      kept[axis] = [Math.min(from, to), Math.max(from, to)];
      mark(grab, kept[axis]);
      show();
    });
    grab.addEventListener("pointerup", function (event) {
      if (from !== null && Math.abs(height(event) - from) < 4) {
        delete kept[axis];
        mark(grab, null);
        show();
      }
      from = null;
    });
  });
  bar.querySelector("button").addEventListener("click", function () {
    kept = {};
    Array.prototype.forEach.call(grabs, function (grab) { mark(grab, null); });
    show();
  });
  bar.hidden = false;
  chart.classList.add("scripted");
  show();
})();
