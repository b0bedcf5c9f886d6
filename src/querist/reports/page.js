const figures = JSON.parse(document.getElementById("figures").textContent);
const dark = matchMedia("(prefers-color-scheme: dark)");
const narrow = () => innerWidth < 560;

function ink() {
  return getComputedStyle(document.body).getPropertyValue("--soft").trim();
}

function label(layout) {
  const hover = getComputedStyle(document.body);
  layout.font = { ...layout.font, color: ink() };
  layout.hoverlabel = {
    ...layout.hoverlabel,
    bgcolor: hover.getPropertyValue("--sheet").trim(),
    bordercolor: hover.getPropertyValue("--line").trim(),
    font: { ...layout.hoverlabel?.font, color: hover.getPropertyValue("--ink").trim() },
  };
  return layout;
}

function draw() {
  figures.forEach((figure, i) => {
    const layout = label(structuredClone(figure.layout));
    if (narrow()) layout.height = Math.min(layout.height ?? 340, 340);
    Plotly.react(`figure-${i}`, figure.data, layout, {
      responsive: true,
      displaylogo: false,
      modeBarButtons: [["toImage", "resetScale2d"]],
    });
  });
}

draw();
dark.addEventListener("change", draw);
matchMedia("print").addEventListener("change", draw);
