// SPDX-License-Identifier: MIT
// The window of time by keyboard, by buttons and by wheel.

const STEP = 0.25;
const ZOOM = 0.5;

const actions = {
  "zoom-in": (state) => state.zoom(ZOOM),
  "zoom-out": (state) => state.zoom(1 / ZOOM),
  "zoom-left": (state) => state.move(-STEP),
  "zoom-right": (state) => state.move(STEP),
  "zoom-all": (state) => state.lookAll(),
};

const keys = { "+": "zoom-in", "=": "zoom-in", "-": "zoom-out", ArrowLeft: "zoom-left",
  ArrowRight: "zoom-right", 0: "zoom-all", Escape: "zoom-all" };

export function listen(state, plots) {
  for (const [id, act] of Object.entries(actions))
    document.getElementById(id).addEventListener("click", () => act(state));
  plots.addEventListener("keydown", (event) => {
    const act = actions[keys[event.key]];
    if (!act || event.ctrlKey || event.altKey || event.metaKey)
      return;
    event.preventDefault();
    act(state);
  });
  plots.addEventListener("wheel", (event) => wheel(state, event), { passive: false });
}

// Only with Ctrl, as pinching gives it, too: without, the page scrolls.
function wheel(state, event) {
  const over = event.target.closest(".u-over");
  if (!over || !event.ctrlKey)
    return;
  event.preventDefault();
  const box = over.getBoundingClientRect();
  state.zoom(Math.exp(event.deltaY / 300), (event.clientX - box.left) / box.width);
}
