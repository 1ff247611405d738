// What a page does beyond lying there. Nothing in it is needed to read.
(() => {
  const root = document.documentElement;
  const kept = { // a page that is opened as a file may keep nothing
    get: () => { try { return localStorage.getItem("scheme"); } catch { return null; } },
    set: (value) => { try { localStorage.setItem("scheme", value); } catch { /* then not */ } },
  };
  const use = (scheme) => { if (scheme) root.dataset.scheme = scheme; };
  use(kept.get());

  const element = (tag, properties, ...inside) => {
    const e = Object.assign(document.createElement(tag), properties);
    e.append(...inside);
    return e;
  };

  const toggle = () => {
    const dark = matchMedia("(prefers-color-scheme: dark)");
    const now = () => root.dataset.scheme || (dark.matches ? "dark" : "light");
    const button = element("button", { type: "button", className: "scheme" });
    const say = () => { button.textContent = now() === "dark" ? "Light" : "Dark"; };
    button.addEventListener("click", () => {
      const other = now() === "dark" ? "light" : "dark";
      use(other);
      kept.set(other);
      say();
    });
    dark.addEventListener("change", say);
    say();
    document.body.append(button);
  };

  const copyable = (pre) => {
    const button = element("button", { type: "button", className: "copy" }, "Copy");
    const said = element("span", { className: "said", role: "status" });
    button.addEventListener("click", async () => {
      try {
        await navigator.clipboard.writeText(pre.textContent);
        said.textContent = "copied";
      } catch {
        getSelection().selectAllChildren(pre);
        said.textContent = "selected: press Ctrl+C";
      }
      setTimeout(() => { said.textContent = ""; }, 4000);
    });
    const box = element("div", { className: "copyable" });
    pre.replaceWith(box);
    box.append(pre, button, said);
  };

  // Whoever follows a link into something folded wants to see it.
  const unfold = () => {
    const target = document.getElementById(decodeURIComponent(location.hash.slice(1)));
    if (!target) return;
    const own = target.querySelector(":scope > details");
    if (own) own.open = true;
    for (let e = target.parentElement; e; e = e.parentElement) if (e.tagName === "DETAILS") e.open = true;
    target.scrollIntoView();
  };

  // Paper can't be unfolded.
  let folded = [];
  addEventListener("beforeprint", () => {
    folded = [...document.querySelectorAll("details:not([open])")];
    for (const d of folded) d.open = true;
  });
  addEventListener("afterprint", () => { for (const d of folded) d.open = false; });

  addEventListener("DOMContentLoaded", () => {
    toggle();
    document.querySelectorAll("pre").forEach(copyable);
    addEventListener("hashchange", unfold);
    if (location.hash) unfold();
  });
})();
