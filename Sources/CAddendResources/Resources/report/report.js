"use strict";
(() => {
  const data = JSON.parse(document.getElementById("report-data").textContent);
  const root = document.documentElement;
  const shapes = ["circle", "triangle", "rectRot", "rect", "crossRot", "star", "rectRounded", "cross"];
  const prefixes = {
    "": [[1e12, " T"], [1e9, " G"], [1e6, " M"], [1e3, " k"], [1, ""]],
    bytes: [[2 ** 30, " GiB"], [2 ** 20, " MiB"], [2 ** 10, " KiB"], [1, " B"]],
    seconds: [[1, " s"], [1e-3, " ms"], [1e-6, " µs"], [1e-9, " ns"]],
    pJ: [[1e12, " J"], [1e9, " mJ"], [1e6, " µJ"], [1e3, " nJ"], [1, " pJ"]],
  };
  let charts = [];

  function amount(value, unit) {
    if (value === 0) return "0";
    const steps = prefixes[unit];
    const [size, name] = steps.find(([size]) => value >= size * 0.9995) ?? steps[steps.length - 1];
    return Number((value / size).toPrecision(3)) + name;
  }

  function theme() {
    const style = getComputedStyle(root);
    const read = (name) => style.getPropertyValue(name).trim();
    return {
      ink: read("--ink"), muted: read("--muted"), rule: read("--rule"), raised: read("--raised"),
      series: data.networks.map((_, index) => read(`--series-${index % 8}`)),
    };
  }

  const percent = (fraction) => `${(fraction * 100).toFixed(2)} %`;

  // Equal steps of a logarithmic axis: 1, 2 and 5 of each decade, or of each power of two for bytes.
  function logarithmicTicks(low, high, unit) {
    const ticks = [];
    if (unit === "bytes") {
      const step = Math.log2(high / low) > 12 ? 3 : Math.log2(high / low) > 6 ? 2 : 1;
      for (let power = Math.ceil(Math.log2(low)); 2 ** power <= high; power += step) ticks.push(2 ** power);
      return ticks;
    }
    const decades = Math.log10(high / low);
    const digits = decades > 4 ? [1] : decades > 2 ? [1, 3] : [1, 2, 5];
    for (let power = Math.floor(Math.log10(low)); power <= Math.log10(high); power += 1) {
      for (const digit of digits) {
        const tick = Number(`${digit}e${power}`);
        if (tick >= low && tick <= high) ticks.push(tick);
      }
    }
    return ticks;
  }

  function costAxis(cost, isLogarithmic, points, colours) {
    const title = {
      display: true, color: colours.ink,
      text: [cost.title, cost.scope].filter(Boolean).join(" ") + (cost.unit ? ` [${cost.unit}]` : ""),
    };
    const common = { title, grid: { color: colours.rule }, border: { color: colours.rule } };
    if (!isLogarithmic) {
      return {
        ...common, type: "linear", beginAtZero: true, grace: "8%",
        ticks: { color: colours.muted, maxRotation: 0, callback: (value) => amount(value, cost.unit) },
      };
    }
    const positive = points.map((point) => point.cost).filter((value) => value > 0);
    const smallest = Math.min(...positive);
    // A logarithmic axis has no zero: what costs nothing stands a decade below the rest, and is marked 0.
    const hasZero = positive.length < points.length;
    const zero = smallest / 10;
    for (const point of points) point.x = point.cost > 0 ? point.cost : zero;
    const low = hasZero ? zero / 1.6 : smallest / 1.6;
    const high = Math.max(...positive) * 1.6;
    return {
      ...common, type: "logarithmic", min: low, max: high,
      afterBuildTicks: (axis) => {
        const ticks = logarithmicTicks(hasZero ? smallest / 2 : low, high, cost.unit);
        axis.ticks = (hasZero ? [zero, ...ticks] : ticks).map((value) => ({ value }));
      },
      ticks: {
        color: colours.muted, maxRotation: 0, autoSkip: true, autoSkipPadding: 12,
        callback: (value) => (hasZero && value === zero ? "0" : amount(value, cost.unit)),
      },
    };
  }

  // Points closer than this, in pixels, share one block of names.
  const nearness = 22;

  function groupedMarks(chart) {
    const groups = [];
    chart.data.datasets.forEach((dataset, index) => {
      if (!dataset.isNetwork || !chart.isDatasetVisible(index)) return;
      const { x, y } = chart.getDatasetMeta(index).data[0];
      const mark = { x, y, name: dataset.label, colour: dataset.borderColor };
      const near = groups.find((group) => group.some((other) => Math.hypot(other.x - x, other.y - y) < nearness));
      if (near) near.push(mark);
      else groups.push([mark]);
    });
    return groups.map((group) => group.sort((a, b) => a.y - b.y));
  }

  // Names beside the points, where they fit without covering anything; the legend has them all.
  const pointNames = {
    id: "pointNames",
    afterDatasetsDraw(chart) {
      const { ctx, chartArea } = chart;
      const groups = groupedMarks(chart);
      const taken = groups.flat().map(({ x, y }) => ({ left: x - 8, right: x + 8, top: y - 8, bottom: y + 8 }));
      const lineHeight = 15;
      ctx.save();
      ctx.font = `600 12px ${Chart.defaults.font.family}`;
      ctx.textBaseline = "middle";
      for (const group of groups) {
        const xs = group.map((mark) => mark.x);
        const [left, right] = [Math.min(...xs) - 12, Math.max(...xs) + 12];
        const [top, bottom] = [group[0].y, group[group.length - 1].y];
        const width = Math.max(...group.map((mark) => ctx.measureText(mark.name).width));
        const height = group.length * lineHeight;
        const middle = Math.max((top + bottom - height) / 2, chartArea.top);
        const beside = [[right, middle], [left - width, middle]];
        const under = [[right - 3, bottom + 6], [left + 3 - width, bottom + 6]];
        const over = [[right - 3, top - 6 - height], [left + 3 - width, top - 6 - height]];
        // The dashed line runs right of a point and above it; a block of names reads best beside.
        const places = group.length > 1 ? [...beside, ...under, ...over] : [...under, ...over, ...beside];
        const box = places
          .map(([x, y]) => ({ left: x, right: x + width, top: y, bottom: y + height }))
          .find((box) =>
            box.left >= chartArea.left && box.right <= chartArea.right && box.top >= chartArea.top && box.bottom <= chartArea.bottom &&
            !taken.some((other) => box.left < other.right && other.left < box.right && box.top < other.bottom && other.top < box.bottom));
        if (!box) continue;
        taken.push(box);
        const isLeft = box.right < (left + right) / 2;
        ctx.textAlign = isLeft ? "right" : "left";
        group.forEach((mark, line) => {
          ctx.fillStyle = mark.colour;
          ctx.fillText(mark.name, isLeft ? box.right : box.left, box.top + (line + 0.5) * lineHeight);
        });
      }
      ctx.restore();
    },
  };

  // The networks that no other beats in both accuracy and cost, cheapest first.
  function front(points) {
    const sorted = [...points].sort((a, b) => a.cost - b.cost || b.y - a.y);
    let best = -Infinity;
    return sorted.filter((point) => point.y > best && ((best = point.y), true));
  }

  function frame(colours) {
    return {
      responsive: true, maintainAspectRatio: false, animation: false,
      plugins: {
        legend: {
          position: "bottom",
          labels: { color: colours.ink, usePointStyle: true, boxWidth: 9, boxHeight: 9, padding: 14 },
        },
        tooltip: {
          backgroundColor: colours.ink, titleColor: colours.raised, bodyColor: colours.raised,
          padding: 10, usePointStyle: true, boxPadding: 4,
        },
      },
    };
  }

  function fractionAxis(colours) {
    return {
      grace: "8%", grid: { color: colours.rule },
      title: { display: true, text: "test accuracy [%]", color: colours.ink },
      ticks: { color: colours.muted, callback: (value) => Number((value * 100).toFixed(2)) },
    };
  }

  function drawScatter(canvas, colours) {
    const cost = data.costs.find((cost) => cost.key === document.getElementById("cost").value);
    const points = [];
    data.networks.forEach((network, index) => {
      const value = network.figures[cost.key];
      const accuracy = network.figures.accuracy;
      if (value == null || accuracy == null) return;
      points.push({ x: value, y: accuracy, cost: value, index, network });
    });
    const isLogarithmic = document.getElementById("logarithmic").checked && points.some((point) => point.cost > 0);
    const axis = costAxis(cost, isLogarithmic, points, colours);
    const datasets = points.map((point) => ({
      label: point.network.label, data: [point], isNetwork: true,
      backgroundColor: colours.series[point.index], borderColor: colours.series[point.index],
      pointStyle: shapes[point.index % shapes.length], borderWidth: 2, radius: 7, hoverRadius: 9, order: 1,
    }));
    datasets.push({
      label: "best accuracy for the cost", type: "line", data: front(points), stepped: "before",
      borderColor: colours.muted, backgroundColor: colours.muted, borderDash: [5, 4], borderWidth: 1.5,
      pointRadius: 0, pointHitRadius: 0, pointStyle: "line", order: 2,
    });
    const options = frame(colours);
    options.scales = { x: axis, y: fractionAxis(colours) };
    options.plugins.tooltip.filter = (item) => item.dataset.isNetwork;
    options.plugins.tooltip.callbacks = {
      title: (items) => items[0]?.dataset.label ?? "",
      label: (item) => {
        const { network } = item.raw;
        const beside = (key) => (network.beside[key] ? ` (${network.beside[key]})` : "");
        return [
          `${percent(network.figures.accuracy)} accuracy${beside("accuracy")}`,
          `${network.text[cost.key]} ${cost.title}${beside(cost.key)}`,
        ];
      },
    };
    canvas.setAttribute("aria-label",
      `Test accuracy against ${cost.title} ${cost.scope}. ` +
      points.map((point) => `${point.network.label}: ${percent(point.y)} at ${point.network.text[cost.key]}`).join("; "));
    return new Chart(canvas, { type: "scatter", data: { datasets }, options, plugins: [pointNames] });
  }

  function drawCurves(canvas, colours, key, isFraction) {
    const datasets = [];
    data.networks.forEach((network, index) => {
      const points = network.curve.filter((point) => point[key] != null);
      if (points.length === 0) return;
      datasets.push({
        label: network.label, data: points.map((point) => ({ x: point.epoch, y: point[key] })),
        borderColor: colours.series[index], backgroundColor: colours.series[index], borderWidth: 2,
        pointStyle: shapes[index % shapes.length], radius: points.length > 30 ? 0 : 3, hoverRadius: 5, tension: 0,
      });
    });
    const options = frame(colours);
    options.interaction = { mode: "index", intersect: false };
    options.scales = {
      x: {
        type: "linear", grid: { color: colours.rule },
        title: { display: true, text: "epoch", color: colours.ink },
        min: Math.max(...datasets.map((dataset) => dataset.data.length)) > 1 ? 1 : undefined,
        ticks: { color: colours.muted, precision: 0 },
      },
      y: isFraction ? fractionAxis(colours) : {
        beginAtZero: true, grid: { color: colours.rule },
        title: { display: true, text: "training loss", color: colours.ink },
        ticks: { color: colours.muted },
      },
    };
    options.plugins.tooltip.callbacks = {
      title: (items) => `epoch ${items[0]?.parsed.x ?? ""}`,
      label: (item) => `${item.dataset.label}: ${isFraction ? percent(item.parsed.y) : item.parsed.y.toPrecision(3)}`,
    };
    return new Chart(canvas, { type: "line", data: { datasets }, options });
  }

  function draw() {
    charts.forEach((chart) => chart.destroy());
    const colours = theme();
    Chart.defaults.font.family = getComputedStyle(document.body).fontFamily;
    charts = [];
    const drawing = {
      scatter: (canvas) => drawScatter(canvas, colours),
      loss: (canvas) => drawCurves(canvas, colours, "trainLoss", false),
      accuracy: (canvas) => drawCurves(canvas, colours, "testAccuracy", true),
    };
    for (const [name, make] of Object.entries(drawing)) {
      const canvas = document.getElementById(`chart-${name}`);
      if (canvas) charts.push(make(canvas));
    }
  }

  root.classList.add("scripted");
  // Without a script these stand open, in the charts' place.
  for (const figures of document.querySelectorAll("details")) figures.open = false;
  for (const id of ["cost", "logarithmic"]) document.getElementById(id)?.addEventListener("change", draw);
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", draw);
  addEventListener("beforeprint", () => { root.dataset.theme = "light"; draw(); });
  addEventListener("afterprint", () => { delete root.dataset.theme; draw(); });
  draw();
})();
