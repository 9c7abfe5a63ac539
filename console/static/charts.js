// Charts of a digest: figures come from a route of our own, drawn by the vendored ECharts.
(() => {
  "use strict";
  const box = document.querySelector("[data-figures]");
  if (!box) return;
  const font = getComputedStyle(document.body).fontFamily;
  const draw = (figures) => {
    for (const place of box.querySelectorAll("[data-chart]")) {
      const rows = figures[place.dataset.chart] || [];
      if (!rows.length) { place.textContent = "没有数据"; continue; }
      const line = place.dataset.kind === "line";
      const names = { type: "category", data: rows.map((row) => row[0]), axisTick: { show: false }, inverse: !line,
        axisLabel: { width: line ? undefined : 96, overflow: "truncate", color: "#1c2430" } };
      const numbers = { type: "value", minInterval: 1, splitLine: { lineStyle: { color: "#e4e8ee" } } };
      const chart = echarts.init(place);
      chart.setOption({
        animation: false, color: ["#104e8b"], textStyle: { fontFamily: font },
        grid: { left: line ? 44 : 108, right: 36, top: 14, bottom: 28 },
        tooltip: { trigger: "axis", renderMode: "richText" },
        xAxis: line ? names : numbers, yAxis: line ? numbers : names,
        series: [{ type: line ? "line" : "bar", data: rows.map((row) => row[1]), barMaxWidth: 18, symbolSize: 7, label: { show: !line, position: "right" } }],
      });
      addEventListener("resize", () => chart.resize());
    }
  };
  fetch(box.dataset.figures, { headers: { Accept: "application/json" } })
    .then((answer) => (answer.ok ? answer.json() : Promise.reject(new Error(answer.status))))
    .then(draw)
    .catch(() => { box.textContent = "统计数据没有读到，请刷新页面。"; });
})();
