// Stepping through swim lanes. Without it all of them is seen at once.
addEventListener("DOMContentLoaded", () => {
  for (const lanes of document.querySelectorAll(".lanes")) {
    const sentences = [...lanes.querySelectorAll(".story [data-step]")];
    const drawn = lanes.querySelector(".drawn");
    if (!drawn || sentences.length === 0) continue;
    const now = lanes.querySelector(".now");
    const bar = lanes.querySelector(".stepping");
    bar.hidden = false;
    let current = 0; // a number of a step

    const mark = (step, name) => {
      for (const e of lanes.querySelectorAll(`.${name}`)) e.classList.remove(name);
      const sentence = sentences[step - 1];
      if (!sentence) return;
      for (const e of lanes.querySelectorAll(`[data-step="${step}"]`)) e.classList.add(name);
      const move = sentence.dataset.move;
      if (move !== "0") lanes.querySelector(`.moves [data-move="${move}"]`)?.classList.add(name);
    };
    const show = () => {
      mark(current, "on");
      for (const e of sentences) e.removeAttribute("aria-current");
      sentences[current - 1]?.setAttribute("aria-current", "step");
    };
    const go = (step) => {
      current = Math.min(Math.max(step, 1), sentences.length);
      show();
      now.textContent = `Step ${current} of ${sentences.length}: ${sentences[current - 1].textContent}`;
      // The drawing last: where only one fits, the words are said above it.
      for (const e of [sentences[current - 1], drawn.querySelector(`.row[data-step="${current}"]`)]) e?.scrollIntoView({ block: "nearest", behavior: "instant" });
    };
    const ways = { first: () => 1, back: () => current - 1, on: () => current + 1, last: () => sentences.length };
    const keys = { ArrowLeft: "back", k: "back", ArrowRight: "on", j: "on", Home: "first", End: "last" };
    now.textContent = `${sentences.length} steps. Step through them with the buttons, or with ← and → or j and k on the drawing.`;

    bar.addEventListener("click", (event) => {
      const way = event.target.dataset.go;
      if (way) go(ways[way]());
    });
    lanes.addEventListener("keydown", (event) => {
      const way = keys[event.key];
      if (!way || event.ctrlKey || event.altKey || event.metaKey) return;
      event.preventDefault();
      go(ways[way]());
    });
    for (const part of [drawn, lanes.querySelector(".story")]) {
      part.addEventListener("pointerover", (event) => {
        const over = event.target.closest("[data-step]");
        if (over) mark(Number(over.dataset.step), "at"); // beside the current one, which stays
      });
      part.addEventListener("pointerleave", () => mark(0, "at"));
      part.addEventListener("click", (event) => {
        const at = event.target.closest("[data-step]");
        if (!at) return;
        event.preventDefault();
        go(Number(at.dataset.step));
      });
    }
  }
});
